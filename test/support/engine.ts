import { getContainerRuntimeClient } from "testcontainers";

/** How the real servers of the tests run: in containers, or as child processes from the system's packages. */
export type Engine = "docker" | "processes";

const VARIABLE = "TEST_ENGINE";

/**
 * What the environment asks for, or undefined.
 * @throws Error for a value that is neither
 */
export function requestedEngine(): Engine | undefined {
  const value = process.env[VARIABLE];
  if (value === undefined || value === "" || value === "docker" || value === "processes")
    return value === "" ? undefined : value;
  throw new Error(`${VARIABLE} is "${value}"; it may be docker or processes`);
}

/** Fixes the choice for this process and those it starts. */
export function fixEngine(engine: Engine): void {
  process.env[VARIABLE] = engine;
}

/** The engine that `prepare.ts` has fixed. */
export function chosenEngine(): Engine {
  const engine = requestedEngine();
  if (engine === undefined)
    throw new Error("the servers are not prepared: run the tests with vitest, from the root of the repository");
  return engine;
}

/** True when an engine answers. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false; // Every reason means the same here: no containers.
  }
}
