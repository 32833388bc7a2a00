// uvoy tells sums since it began. What lies between two of them is counted here.

/** Of classes such as {"2xx": 12, "5xx": 1}. */
function totalOf(requests) {
  return Object.values(requests ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Answers that are failures: 5xx, and requests that ended without any. */
function errorsOf(requests) {
  return (requests?.["5xx"] ?? 0) + (requests?.none ?? 0);
}

/** Adds histograms, whose empty ends are left out. */
function addBuckets(sum, more) {
  more.forEach((count, i) => { sum[i] = (sum[i] ?? 0) + count; });
  return sum;
}

/**
 * The quantile of a histogram in seconds, by a straight line within the bucket; null: it is empty.
 * `bounds` are upper ones, without the last bucket's.
 */
function quantile(buckets, bounds, q) {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rank = q * total;
  for (let i = 0; i < bounds.length; ++i) {
    const count = buckets[i] ?? 0;
    if (count > 0 && rank <= count) {
      const low = i > 0 ? bounds[i - 1] : 0;
      return low + (bounds[i] - low) * (rank / count);
    }
    rank -= count;
  }
  return bounds[bounds.length - 1];
}

/** The last seconds of what is counted of one thing. */
class Meter {
  constructor(seconds) {
    this.seconds = seconds;
    this.samples = [];
  }

  /** `at` in seconds on uvoy's clock; `counts` are numbers by name, `buckets` a histogram. */
  add(at, counts, buckets = []) {
    const last = this.samples.at(-1);
    // Another process, or another endpoint at the same place: it began anew.
    const falls = (name) => counts[name] < last.counts[name];
    if (last && (at <= last.at || Object.keys(counts).some(falls))) this.samples = [];
    this.samples.push({ at, counts, buckets });
    while (this.samples.length > 2 && at - this.samples[1].at >= this.seconds) this.samples.shift();
  }

  forget() {
    this.samples = [];
  }

  /** The sample at the beginning of the last `seconds`, and the last one; null: too few. */
  span(seconds = this.seconds) {
    const last = this.samples.at(-1);
    if (this.samples.length < 2) return null;
    let first = this.samples.length - 2;
    while (first > 0 && last.at - this.samples[first].at < seconds - 0.1) --first;
    return [this.samples[first], last];
  }

  rate(name, seconds) {
    const span = this.span(seconds);
    return span && (span[1].counts[name] - span[0].counts[name]) / (span[1].at - span[0].at);
  }

  change(name, seconds) {
    const span = this.span(seconds);
    return span && span[1].counts[name] - span[0].counts[name];
  }

  quantile(q, bounds, seconds) {
    const span = this.span(seconds);
    if (!span) return null;
    const between = span[1].buckets.map((count, i) => count - (span[0].buckets[i] ?? 0));
    return quantile(between, bounds, q);
  }
}

/** Points of a graph; one that is null is a gap. */
class History {
  constructor(seconds) {
    this.seconds = seconds;
    this.points = [];
  }

  /** `at` in seconds on the page's clock. */
  add(at, values) {
    this.points.push({ at, values });
    while (this.points.length && at - this.points[0].at > this.seconds) this.points.shift();
  }
}
