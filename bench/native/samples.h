// Latencies in microseconds, kept one by one up to a bound, and their percentiles.
#ifndef MARVEL_BENCH_SAMPLES_H
#define MARVEL_BENCH_SAMPLES_H
#include "common.h"

enum { SAMPLES_MAX = 1 << 20 };
static uint32_t samples[SAMPLES_MAX];
static size_t sample_count;

// Past the bound the rest of the run is not sampled: a million is enough for a p99.
static inline void sample(uint64_t since_ns) {
  if (sample_count < SAMPLES_MAX) samples[sample_count++] = (uint32_t)((now_ns() - since_ns) / 1000);
}

static inline int compare_samples(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

static inline void sort_samples(void) { qsort(samples, sample_count, sizeof samples[0], compare_samples); }

// Nearest rank, of sorted samples.
static inline uint32_t percentile(unsigned percent) {
  if (sample_count == 0) return 0;
  size_t rank = (sample_count * percent + 99) / 100;
  return samples[rank == 0 ? 0 : rank - 1];
}
#endif
