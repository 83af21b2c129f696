import CoreMetrics
import PrometheusExposition
import Testing

/// What is recorded, as Prometheus reads it.
struct ExpositionTests {
  private let registry = PrometheusRegistry(describing: [
    MetricDescription("jobs_total", "Jobs\nwith a \\ in it."),
    MetricDescription("size", "Size."),
  ])

  @Test func `a counter adds up, one line for each set of labels`() {
    Counter(label: "jobs_total", dimensions: [("rule", "A")], factory: registry).increment(by: 2)
    Counter(label: "jobs_total", dimensions: [("rule", "A")], factory: registry).increment()
    Counter(label: "jobs_total", dimensions: [("rule", "B")], factory: registry).increment()
    #expect(
      registry.exposition() == """
        # HELP jobs_total Jobs\\nwith a \\\\ in it.
        # TYPE jobs_total counter
        jobs_total{rule="A"} 3
        jobs_total{rule="B"} 1

        """)
  }

  @Test func `a gauge has its last value`() {
    let gauge = Gauge(label: "level", factory: registry)
    gauge.record(4)
    gauge.record(1.5)
    #expect(
      registry.exposition() == """
        # HELP level Not described.
        # TYPE level gauge
        level 1.5

        """)
  }

  @Test func `a histogram counts up to each bound, the bound included`() {
    let size = Recorder(label: "size", dimensions: [("a", "b")], factory: registry)
    for value in [1, 2, 10, 513] { size.record(value) }
    #expect(
      registry.exposition() == """
        # HELP size Size.
        # TYPE size histogram
        size_bucket{a="b",le="1"} 1
        size_bucket{a="b",le="2"} 2
        size_bucket{a="b",le="4"} 2
        size_bucket{a="b",le="8"} 2
        size_bucket{a="b",le="16"} 3
        size_bucket{a="b",le="32"} 3
        size_bucket{a="b",le="64"} 3
        size_bucket{a="b",le="128"} 3
        size_bucket{a="b",le="256"} 3
        size_bucket{a="b",le="512"} 3
        size_bucket{a="b",le="+Inf"} 4
        size_sum{a="b"} 526
        size_count{a="b"} 4

        """)
  }

  @Test func `a duration is written down in seconds`() {
    Timer(label: "wait_seconds", factory: registry).recordMilliseconds(20)
    let text = registry.exposition()
    #expect(text.contains("wait_seconds_bucket{le=\"0.01\"} 0\n"))
    #expect(text.contains("wait_seconds_bucket{le=\"0.025\"} 1\n"))
    #expect(text.contains("wait_seconds_sum 0.02\n"))
  }

  @Test func `figures that nobody records are looked up`() {
    registry.addGauge("here") { 7 }
    registry.addGauge("absent") { nil }
    registry.addCounter("used_seconds_total") { 1.25 }
    registry.addInfo("build_info") { [("version", "1\"2")] }
    let text = registry.exposition()
    #expect(text.contains("here 7\n"))
    #expect(!text.contains("\nabsent"))
    #expect(text.contains("# TYPE used_seconds_total counter\nused_seconds_total 1.25\n"))
    #expect(text.contains("build_info{version=\"1\\\"2\"} 1\n"))
  }

  @Test func `names and labels that Prometheus would refuse are made fit`() {
    Counter(label: "9.jobs-ü", dimensions: [("a b", "x\\\"\n")], factory: registry).increment()
    #expect(registry.exposition().contains("_9_jobs__{a_b=\"x\\\\\\\"\\n\"} 1\n"))
  }

  @Test func `a name keeps its first kind, and the exposition stays valid`() {
    Counter(label: "jobs_total", factory: registry).increment()
    Gauge(label: "jobs_total", factory: registry).record(5)
    #expect(registry.exposition().hasSuffix("# TYPE jobs_total counter\njobs_total 1\n"))
  }

  @Test func `nothing is lost when many record at once`() async {
    let counter = Counter(label: "jobs_total", factory: registry)
    let size = Recorder(label: "size", factory: registry)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter.increment()
            size.record(2)
          }
        }
      }
    }
    let text = registry.exposition()
    #expect(text.contains("jobs_total 80000\n"))
    #expect(text.contains("size_sum 160000\nsize_count 80000\n"))
  }

  @Test func `the process says what it uses`() {
    ProcessFigures.add(to: registry)
    let text = registry.exposition()
    for description in ProcessFigures.descriptions {
      #expect(text.contains("\n\(description.name) "), "\(description.name)")
    }
  }
}
