import { startNgircd } from "../../support/servers.ts";
import { ircFixture } from "./irc-fixture.ts";
import { describeNetwork } from "./suite.ts";

describeNetwork(ircFixture("ngircd", startNgircd));
