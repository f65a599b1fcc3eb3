interface BarProps {
  /** 0 to 1. */
  readonly share: number;
}

/** A share of a whole, beside the number that says the same. */
export function Bar({ share }: BarProps) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return (
    <span class="bar" aria-hidden="true">
      <svg viewBox="0 0 100 1" preserveAspectRatio="none">
        <rect width={width} height="1" class="brand-tile" />
      </svg>
    </span>
  );
}
