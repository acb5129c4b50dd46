import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { TCP_REQUEST_BYTES } from './geometry.ts';

/**
 * The request of a stream of kind `tcp` in a session with a hidden service. The stream's bytes are the connection's, both ways.
 *
 *   port  2   1 to 65535: which of the service's ports
 */
export interface TcpRequest {
  readonly port: number;
}

export function encodeTcpRequest({ port }: TcpRequest): Uint8Array {
  if (!(Number.isInteger(port) && port >= 1)) throw new RangeError(`a port is a whole number from 1 to 65535, not ${port}`);
  return new Writer(TCP_REQUEST_BYTES).u16(port).done();
}

/** @throws DecodeError. */
export function decodeTcpRequest(request: Uint8Array): TcpRequest {
  const reader = new Reader(request, 'tcp request');
  const port = reader.u16('port');
  if (port === 0) reader.fail('port 0');
  reader.end();
  return { port };
}
