import Foundation

/// What the system says of this process, under the names that Prometheus' own libraries use.
package enum ProcessFigures {
  package static let descriptions = [
    MetricDescription(
      "process_cpu_seconds_total", "Processor time used, user and system, in seconds."),
    MetricDescription("process_resident_memory_bytes", "Resident memory in bytes."),
    MetricDescription("process_open_fds", "Open file descriptors."),
    MetricDescription("process_max_fds", "The most file descriptors that may be open."),
    MetricDescription("process_threads", "Threads."),
    MetricDescription(
      "process_start_time_seconds", "When the process began, in seconds since 1970."),
  ]

  /// Has them looked up whenever the registry is asked.
  package static func add(to registry: PrometheusRegistry) {
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    let startTime = bootTime.flatMap { boot in field(19).map { boot + $0 / ticks } }
    registry.addCounter("process_cpu_seconds_total") {
      field(11).flatMap { user in field(12).map { (user + $0) / ticks } }
    }
    registry.addGauge("process_threads") { field(17) }
    registry.addGauge("process_resident_memory_bytes") { field(21).map { $0 * pageSize } }
    registry.addGauge("process_start_time_seconds") { startTime }
    registry.addGauge("process_open_fds") {
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map {
        Double($0.count)
      }
    }
    registry.addGauge("process_max_fds") {
      var limit = rlimit()
      return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        ? Double(limit.rlim_cur) : nil
    }
  }

  /// A number of /proc/self/stat, counted from after the program's name, which may hold anything.
  private static func field(_ index: Int) -> Double? {
    guard let status = text(of: "/proc/self/stat"), let name = status.lastIndex(of: ")") else {
      return nil
    }
    let fields = status[status.index(after: name)...].split(separator: " ")
    return fields.indices.contains(index) ? Double(fields[index]) : nil
  }

  private static var bootTime: Double? {
    text(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst("btime ".count)) }
  }

  private static func text(of path: String) -> String? {
    // Data(contentsOf:) trusts a file's size, which is 0 in /proc.
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    return (try? file.readToEnd()).flatMap { $0.map { String(decoding: $0, as: UTF8.self) } }
  }
}
