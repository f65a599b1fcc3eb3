/** A text file as a string, as vite imports it. */
declare module '*.txt?raw' {
  const text: string;
  export default text;
}
