/**
 * What a source gives, and a heartbeat whenever it gives nothing for so long. Ending it early ends the source once the
 * event that is being waited for has come.
 */
export async function* withHeartbeats<T, H>(
  source: AsyncGenerator<T>,
  { heartbeatMs, heartbeat }: { readonly heartbeatMs: number; readonly heartbeat: () => H },
): AsyncGenerator<T | H> {
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      next ??= source.next();
      const given = await orSilence(next, heartbeatMs);
      if (given === undefined) {
        yield heartbeat();
        continue;
      }
      next = undefined;
      if (given.done === true) return;
      yield given.value;
    }
  } finally {
    // A source that is not done is told; who left does not wait for it.
    next?.catch(() => {});
    source.return(undefined).catch(() => {});
  }
}

async function orSilence<T>(given: Promise<T>, ms: number): Promise<T | undefined> {
  const silence = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => silence.resolve(undefined), ms);
  try {
    return await Promise.race([given, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
