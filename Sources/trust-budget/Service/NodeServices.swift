import ArgumentParser
import Logging
import PolicyFile
import ServiceLifecycle
import TrustBudget
import TrustBudgetServer
import UnixSignals

// What serve and dev run alike.

/// Opens the policy file, or says everything that is wrong with it.
func openPolicy(_ path: String, logger: Logger) async throws -> PolicyStore {
  do {
    return try await PolicyStore(path: path, now: { .wallClock() }, logger: logger)
  } catch let diagnostics as FileDiagnostics {
    Console.note("\(diagnostics)")
    throw ExitCode.failure
  } catch {
    throw CommandFailure("\(error)")
  }
}

/// Runs services until SIGTERM or SIGINT; then they finish what they hold, the last one first.
///
/// - Parameter drainTimeout: how long that may take before what is left is given up.
func runServices(
  _ services: [any Service], drainTimeout: Duration = .seconds(10), logger: Logger
) async throws {
  var configuration = ServiceGroupConfiguration(
    services: services.map { .init(service: $0) },
    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
  configuration.maximumGracefulShutdownDuration = drainTimeout
  // Whoever does not even heed that is of no use any more, and the program ends in the middle. A
  // PostgreSQL that has stopped answering is given up after some 3 s.
  configuration.maximumCancellationDuration = .seconds(10)
  let group = ServiceGroup(configuration: configuration)
  do {
    try await group.run()
  } catch let error as UnusableAddress {
    throw CommandFailure("\(error)")
  } catch {
    throw CommandFailure("the service ended: \(error)")
  }
}
