// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "trust-budget",
  products: [
    .executable(name: "trust-budget", targets: ["trust-budget"]),
    .library(name: "TrustBudgetClient", targets: ["TrustBudgetClient"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-async-algorithms.git", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.20.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    // The system's C libraries, each wrapped by exactly one Swift target.
    .systemLibrary(
      name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    // The allocator: its header is none of those that Swift imports.
    .systemLibrary(name: "CMalloc"),

    // What this project is for. Arrows point towards TrustBudget, which knows nobody.
    .target(
      name: "TrustBudget",
      dependencies: [.product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "LibPQ", dependencies: ["CPostgreSQL"]),
    .target(name: "PolicyFile", dependencies: ["TrustBudget", "CLibYAML"]),
    .target(
      name: "BudgetLedger",
      dependencies: [
        "TrustBudget", "LibPQ",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      plugins: ["EmbedMigrations"]),
    // A file of one process's own, for whoever keeps a database on disk.
    .target(name: "ClaimedFile"),
    // The path for emergencies: its own journal on disk, and from there to PostgreSQL.
    .target(
      name: "BreakGlass",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "ChildProcess", "ClaimedFile",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .target(
      name: "PrometheusExposition",
      dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")]),
    .target(
      name: "AuditMirror",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "ClaimedFile",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .target(
      name: "TrustBudgetServer",
      dependencies: [
        "TrustBudget", "BudgetLedger", "AuditMirror", "PolicyFile", "BreakGlass", "ClaimedFile",
        "PrometheusExposition",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      plugins: ["EmbedContract"]),
    .target(
      name: "TrustBudgetClient",
      dependencies: [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .target(name: "PrivatePostgres", dependencies: ["ChildProcess"]),
    // Other programs that are started: servers, signing commands, notifications.
    .target(name: "ChildProcess"),
    .executableTarget(
      name: "trust-budget",
      dependencies: [
        "TrustBudget", "PolicyFile", "LibPQ", "BudgetLedger", "AuditMirror", "BreakGlass",
        "TrustBudgetServer", "TrustBudgetClient", "PrivatePostgres", "PrometheusExposition",
        "ChildProcess", "ClaimedFile", "CMalloc",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),

    // Measures against pgbench; a program of its own, because timings have no place in tests.
    .executableTarget(
      name: "trust-budget-bench",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "AuditMirror", "PrivatePostgres", "ChildProcess",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      path: "Benchmarks", exclude: ["sql"]),

    // A private PostgreSQL with a database for each test.
    .target(
      name: "TrustBudgetTesting",
      dependencies: [
        "TrustBudget", "LibPQ", "PrivatePostgres", "ChildProcess", "BudgetLedger",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "TrustBudgetTests", dependencies: ["TrustBudget", "TrustBudgetTesting"]),
    .testTarget(name: "PolicyFileTests", dependencies: ["PolicyFile", "TrustBudget"]),
    .testTarget(
      name: "PrometheusExpositionTests",
      dependencies: [
        "PrometheusExposition",
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ]),
    .testTarget(name: "ClaimedFileTests", dependencies: ["ClaimedFile", "TrustBudgetTesting"]),
    .testTarget(
      name: "PrivatePostgresTests", dependencies: ["PrivatePostgres", "ChildProcess"]),
    .testTarget(
      name: "LibPQTests", dependencies: ["LibPQ", "PrivatePostgres", "TrustBudgetTesting"]),
    .testTarget(
      name: "BudgetLedgerTests",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "PrivatePostgres", "PrometheusExposition",
        "TrustBudgetTesting",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .testTarget(
      name: "MigrationTests",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "PrivatePostgres", "TrustBudgetTesting",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "BreakGlassTests",
      dependencies: [
        "TrustBudget", "LibPQ", "BudgetLedger", "BreakGlass", "ClaimedFile", "TrustBudgetTesting",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .testTarget(
      name: "AuditMirrorTests",
      dependencies: [
        "AuditMirror", "TrustBudget", "LibPQ", "BudgetLedger", "ClaimedFile", "PrivatePostgres",
        "TrustBudgetTesting",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "trust-budget", "TrustBudget", "BudgetLedger", "AuditMirror", "BreakGlass",
        "PrometheusExposition", "TrustBudgetServer", "TrustBudgetClient", "TrustBudgetTesting",
        "PrivatePostgres",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      exclude: ["Contract/check_contract.py"]),

    // Compiles migrations/*.sql and openapi.yaml into the program, so that it runs from an empty
    // directory.
    .executableTarget(name: "embed-files", path: "Plugins/embed-files"),
    .plugin(name: "EmbedMigrations", capability: .buildTool(), dependencies: ["embed-files"]),
    .plugin(name: "EmbedContract", capability: .buildTool(), dependencies: ["embed-files"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where ![.system, .plugin].contains(target.type) {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ]
}
