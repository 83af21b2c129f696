import ArgumentParser
import ClaimedFile

/// The command that signs, and the certificate that it writes.
struct SigningOptions: ParsableArguments {
  @Option(
    help: """
      The certificate that the command writes. Default: beside the public key that it is given, \
      id-cert.pub for id.pub.
      """)
  var certificate: String?

  @Argument(parsing: .postTerminator, help: "The signing command, after --.")
  var command: [String] = []

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("give the signing command after --") }
    guard certificate != "" else { throw ValidationError("--certificate must not be empty") }
  }

  /// Runs the command.
  ///
  /// - Returns: its exit status, and the certificates that it wrote.
  /// - Throws: `CommandFailure` where it cannot be started.
  func sign(
    _ allowed: AllowedCertificate, passing signals: SignalTrap
  ) async throws(CommandFailure) -> (status: Int32, written: [String]) {
    let signing = SigningCommand(command, allowed: allowed)
    let certificates = AwaitedCertificates(certificate.map { [$0] } ?? signing.certificatePaths)
    do {
      let status = try await signing.run(passing: signals)
      return (status, certificates.written)
    } catch {
      throw CommandFailure("\(command[0]) cannot be run: \(error.systemReason)")
    }
  }
}
