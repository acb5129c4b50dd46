/**
 * Parts as a body, pulled as they are read. `onFailure` is told when they break off behind the head, where no status can say it any more;
 * `leave` when nobody wants the rest, at once and not when the next part has come.
 */
export function bodyStream(
  parts: AsyncGenerator<Uint8Array, void, undefined>,
  onFailure: (error: unknown) => void,
  leave: () => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  // A player that seeks drops the answer it has while its next part is on the way: a closed stream takes nothing more, and nothing has failed.
  let dropped = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { value, done } = await parts.next();
        if (dropped) return;
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        if (dropped) return;
        onFailure(error);
        controller.error(error);
      }
    },
    cancel() {
      dropped = true;
      leave();
      void parts.return(undefined);
    },
  });
}
