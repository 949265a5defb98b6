import { FIXTURES } from "./fixtures.ts";
import { describeNetwork } from "./suite.ts";

describeNetwork(FIXTURES.embedded);
