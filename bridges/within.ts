import { NetworkError } from "./network.ts";

/** Waits for something, but not for ever. @throws NetworkError `unavailable` with the text, when its time is over */
export async function within<T>(promise: Promise<T>, timeoutMs: number, text: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NetworkError("unavailable", text));
    }, timeoutMs).unref();
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
