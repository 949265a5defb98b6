/** The first signal ends what runs, so that everything is cleaned up; the second ends the process, and with it its children. */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(new Error(`got ${signal}`));
    });
  }
  return controller.signal;
}
