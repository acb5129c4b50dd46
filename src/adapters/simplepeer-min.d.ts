/** The browser bundle: a bare import builds and then dies at run time for want of `global` and `process`. */
declare module 'simple-peer/simplepeer.min.js' {
  const SimplePeer: import('./simple-peer.ts').SimplePeerConstructor;
  export default SimplePeer;
}
