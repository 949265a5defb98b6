import { parseCommand } from "./commands.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { showIrcAddress } from "./irc-address.js";
import { NameDialog } from "./name-dialog.js";
import { parseName } from "./names.js";
import { Panel } from "./panel.js";
import { parseRoom, roomFromSearch, searchOfRoom } from "./room.js";
import { Room } from "./room-view.js";
import { Rooms } from "./rooms.js";
import { Session } from "./session.js";
import { store } from "./store.js";
import { Title } from "./title.js";
import { followViewport } from "./viewport.js";

const title = new Title();
const panel = new Panel();
const view = new Room(title);
const session = new Session(view, {
  onRefused: (problem) => names.ask({ name: session.name, isFirst: false, problem }),
});
const rooms = new Rooms((room) => goTo(room));
const names = new NameDialog((name) => callMe(name));
const composer = new Composer((typed) => obey(typed));

followViewport();
void showIrcAddress();
byId("me", HTMLElement).addEventListener("click", () => names.ask({ name: session.name, isFirst: false }));
byId("open-help", HTMLElement).addEventListener("click", () => showHelp());
addEventListener("popstate", () => enter(roomFromSearch(location.search).room));
// Others see us leave at once; and a page that comes back from the browser's cache connects anew.
addEventListener("pagehide", () => session.close());
addEventListener("pageshow", (event) => event.persisted && session.open());
begin();

function begin() {
  const { room, problem } = roomFromSearch(location.search);
  enter(room);
  if (problem !== null) view.note(`That room cannot be entered, so this is #${room}. ${problem}`, "warning");
  const { name } = parseName(store.get("name"));
  if (name === null) names.ask({ name: "", isFirst: true });
  else callMe(name);
}

/** @param {string} room */
function goTo(room) {
  panel.close();
  if (room !== session.room) {
    history.pushState(null, "", searchOfRoom(room));
    enter(room);
  }
  composer.focus();
}

/** @param {string} room */
function enter(room) {
  title.set(`#${room} · TailSpin`);
  byId("room-title", HTMLElement).textContent = `#${room}`;
  for (const place of document.querySelectorAll("[data-room]:not(a)")) place.textContent = room;
  rooms.show(room);
  composer.enter(room);
  session.enter(room);
}

/** @param {string} name */
function callMe(name) {
  store.set("name", name);
  byId("me-name", HTMLElement).textContent = name;
  byId("me", HTMLElement).hidden = false;
  session.rename(name);
  composer.focus();
}

/**
 * @param {string} typed
 * @returns {boolean} whether the composer may forget it
 */
function obey(typed) {
  const intent = parseCommand(typed);
  composer.say("");
  switch (intent.type) {
    case "nothing":
      return false;
    case "say": {
      const problem = session.say(intent.text, intent.isAction);
      composer.say(problem ?? "");
      return problem === null;
    }
    case "join":
      return follow(parseRoom(intent.room), ({ room }) => room, goTo);
    case "nick":
      return follow(parseName(intent.name), ({ name }) => name, callMe);
    case "help":
      showHelp();
      return true;
    case "unknown":
      composer.say(
        `There is no command /${intent.command}. To say it, begin with two slashes; /help shows the others.`,
      );
      return false;
  }
}

/**
 * @template {{problem: string | null}} P
 * @param {P} parsed
 * @param {(parsed: P) => string | null} valueOf
 * @param {(value: string) => void} action
 */
function follow(parsed, valueOf, action) {
  const value = valueOf(parsed);
  if (value === null) composer.say(parsed.problem ?? "");
  // The composer is emptied first: a new room brings its own draft.
  else queueMicrotask(() => action(value));
  return value !== null;
}

function showHelp() {
  byId("help-dialog", HTMLDialogElement).showModal();
}
