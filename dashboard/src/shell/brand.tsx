export function Brand() {
  return (
    <a class="brand" href="/" aria-label="Marvel, to the overview">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" class="brand-tile" />
        <path d="M8.5 22.5v-12L16 18l7.5-7.5v12" class="brand-mark" />
      </svg>
      Marvel
    </a>
  );
}
