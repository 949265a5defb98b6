import { startErgo } from "../../support/ergo.ts";
import { ERGO } from "./gives.ts";
import { ircFixture } from "./irc-fixture.ts";
import { describeNetwork } from "./suite.ts";

describeNetwork(ircFixture("ergo", () => startErgo(), ERGO));
