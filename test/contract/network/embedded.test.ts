import { startEmbedded } from "../../support/servers.ts";
import { ircFixture } from "./irc-fixture.ts";
import { describeNetwork } from "./suite.ts";

describeNetwork(ircFixture("embedded", startEmbedded));
