declare module '*.wasm' {
  /** Compiled when the Worker is uploaded; workerd compiles none at run time. */
  const compiled: WebAssembly.Module;
  export default compiled;
}
