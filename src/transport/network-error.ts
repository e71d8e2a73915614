/** A network could not be reached, started or kept. The message is one sentence for people. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}
