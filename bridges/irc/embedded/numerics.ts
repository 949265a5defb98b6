import { cut } from "./names.ts";

/** Every numeric reply: name → [number, default text]; null where the reply has no text of its own. */
const NUMERICS = {
  RPL_WELCOME: ["001", null],
  RPL_YOURHOST: ["002", null],
  RPL_CREATED: ["003", null],
  RPL_MYINFO: ["004", null],
  RPL_ISUPPORT: ["005", "are supported by this server"],
  RPL_UMODEIS: ["221", null],
  RPL_LUSERCLIENT: ["251", null],
  RPL_LUSERUNKNOWN: ["253", "unregistered connection(s)"],
  RPL_LUSERCHANNELS: ["254", "channels formed"],
  RPL_LUSERME: ["255", null],
  RPL_AWAY: ["301", null],
  RPL_USERHOST: ["302", null],
  RPL_ISON: ["303", null],
  RPL_UNAWAY: ["305", "You are no longer marked as being away"],
  RPL_NOWAWAY: ["306", "You have been marked as being away"],
  RPL_WHOISUSER: ["311", null],
  RPL_WHOISSERVER: ["312", "TailSpin's embedded development server"],
  RPL_ENDOFWHO: ["315", "End of WHO list"],
  RPL_WHOISIDLE: ["317", "seconds idle, signon time"],
  RPL_ENDOFWHOIS: ["318", "End of WHOIS list"],
  RPL_WHOISCHANNELS: ["319", null],
  RPL_LISTSTART: ["321", "Users  Name"],
  RPL_LIST: ["322", null],
  RPL_LISTEND: ["323", "End of LIST"],
  RPL_CHANNELMODEIS: ["324", null],
  RPL_CREATIONTIME: ["329", null],
  RPL_NOTOPIC: ["331", "No topic is set"],
  RPL_TOPIC: ["332", null],
  RPL_TOPICWHOTIME: ["333", null],
  RPL_INVITING: ["341", null],
  RPL_VERSION: ["351", null],
  RPL_WHOREPLY: ["352", null],
  RPL_NAMREPLY: ["353", null],
  RPL_ENDOFNAMES: ["366", "End of NAMES list"],
  RPL_BANLIST: ["367", null],
  RPL_ENDOFBANLIST: ["368", "End of channel ban list"],
  RPL_ENDOFWHOWAS: ["369", "End of WHOWAS"],
  RPL_MOTD: ["372", null],
  RPL_MOTDSTART: ["375", null],
  RPL_ENDOFMOTD: ["376", "End of MOTD"],
  RPL_TIME: ["391", null],
  ERR_UNKNOWNERROR: ["400", null],
  ERR_NOSUCHNICK: ["401", "No such nick"],
  ERR_NOSUCHCHANNEL: ["403", "No such channel"],
  ERR_CANNOTSENDTOCHAN: ["404", "Cannot send to channel"],
  ERR_TOOMANYCHANNELS: ["405", "You have joined too many channels"],
  ERR_WASNOSUCHNICK: ["406", "This server keeps no record of former nicks"],
  ERR_TOOMANYTARGETS: ["407", "Too many targets; this one and those after it were ignored"],
  ERR_NOORIGIN: ["409", "No origin specified"],
  ERR_INVALIDCAPCMD: ["410", "Invalid CAP command"],
  ERR_NORECIPIENT: ["411", "No recipient given"],
  ERR_NOTEXTTOSEND: ["412", "No text to send"],
  ERR_INPUTTOOLONG: ["417", "Input line was too long"],
  ERR_UNKNOWNCOMMAND: ["421", "Unknown command"],
  ERR_NONICKNAMEGIVEN: ["431", "No nickname given"],
  ERR_ERRONEUSNICKNAME: ["432", "Erroneous nickname"],
  ERR_NICKNAMEINUSE: ["433", "Nickname is already in use"],
  ERR_UNAVAILRESOURCE: ["437", "No more channels can be made on this server"],
  ERR_USERNOTINCHANNEL: ["441", "They are not on that channel"],
  ERR_NOTONCHANNEL: ["442", "You are not on that channel"],
  ERR_USERONCHANNEL: ["443", "is already on channel"],
  ERR_NOTREGISTERED: ["451", "You have not registered"],
  ERR_NEEDMOREPARAMS: ["461", "Not enough parameters"],
  ERR_ALREADYREGISTERED: ["462", "You may not register again"],
  ERR_CHANNELISFULL: ["471", "Cannot join channel (+l)"],
  ERR_UNKNOWNMODE: ["472", "is unknown mode char to me"],
  ERR_INVITEONLYCHAN: ["473", "Cannot join channel (+i)"],
  ERR_BANNEDFROMCHAN: ["474", "Cannot join channel (+b)"],
  ERR_BADCHANNELKEY: ["475", "Cannot join channel (+k)"],
  ERR_BANLISTFULL: ["478", "Channel ban list is full"],
  ERR_CHANOPRIVSNEEDED: ["482", "You are not a channel operator"],
  ERR_UMODEUNKNOWNFLAG: ["501", "Unknown MODE flag"],
  ERR_USERSDONTMATCH: ["502", "Cannot change mode for other users"],
  ERR_INVALIDMODEPARAM: ["696", "Invalid mode parameter"],
} as const satisfies Record<string, readonly [string, string | null]>;

/** The name of a numeric reply. */
export type Numeric = keyof typeof NUMERICS;

/**
 * Renders a numeric reply without its line end.
 *
 * @param to nick of the receiver, or `*` before it has one
 * @param params middle parameters; what came from a client is made safe to stand there
 * @param text replaces the default text
 */
export function renderNumeric(
  server: string,
  numeric: Numeric,
  to: string,
  params: readonly string[],
  text: string | undefined,
): string {
  const [number, defaultText] = NUMERICS[numeric];
  const middle = params.map((param) => ` ${toMiddle(param)}`).join("");
  const trailing = text ?? defaultText;
  return `:${server} ${number} ${to}${middle}${trailing === null ? "" : ` :${trailing}`}`;
}

const MAX_MIDDLE_BYTES = 100;

function toMiddle(param: string): string {
  const word = /[^ :][^ ]*/.exec(param)?.[0] ?? "*";
  return cut(word, MAX_MIDDLE_BYTES);
}
