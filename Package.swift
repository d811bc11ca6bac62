// swift-tools-version: 6.2

import PackageDescription

// MARK: - Settings shared by every Swift target

var swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

#if arch(x86_64)
    // AVX2 and FMA. Baseline x86-64 turns SIMD multiply-add into calls of libm's `fmaf`, 10 to 25 times slower.
    // `ProcessorGuard` refuses older processors in one line before any of this code runs.
    swiftSettings.append(.unsafeFlags(["-Xcc", "-march=x86-64-v3"]))
    let cSettings: [CSetting] = [.unsafeFlags(["-march=x86-64-v3"])]
#else
    let cSettings: [CSetting] = []
#endif

// MARK: - C modules

let cModules: [Target] = [
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // No pkgConfig: utf8proc's .pc file carries a -D flag, which SwiftPM warns about on every build.
    .systemLibrary(name: "CUTF8Proc", providers: [.apt(["libutf8proc-dev"])]),
    .target(name: "CCUDA"),
    .target(name: "CCoreRate"),
    .target(name: "CVectorMath", cSettings: cSettings),
    .target(name: "ProcessorGuard"),
]

// MARK: - Libraries

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let libraries: [Target] = [
    .target(
        name: "BatchJob",
        dependencies: ["Compute", "DatasetTable", "Postgres", "SentenceEncoding", "Tokenization", logging],
        resources: [.embedInCode("SQL")]),
    .target(
        name: "Benchmarking", dependencies: ["CCoreRate", "CPUCompute", "Compute", "SentenceEncoding", "Tokenization"]),
    .target(name: "CSVStreaming"),
    .target(name: "CPUCompute", dependencies: ["COpenBLAS", "CVectorMath", "Compute"]),
    .target(name: "CUDACompute", dependencies: ["CCUDA", "Compute"], resources: [.embedInCode("Kernels")]),
    .target(name: "Checksum", dependencies: ["CLibCrypto"]),
    .target(
        name: "Catalog", dependencies: ["DatasetTable", "Postgres", logging],
        resources: [.embedInCode("SQL")]),
    .target(name: "CatalogSources", dependencies: ["CSVStreaming", "Catalog"]),
    .target(
        name: "CommandSupport",
        dependencies: [
            "DatasetTable", "Postgres", argumentParser, configuration, logging, systemPackage, unixSignals,
        ]),
    .target(name: "Compute"),
    .target(
        name: "DatasetTable", dependencies: ["Checksum", "Postgres", logging], resources: [.embedInCode("SQL")]),
    .target(
        name: "DatasetSearch", dependencies: ["DatasetTable", "Postgres", "SentenceEncoding", logging],
        resources: [.embedInCode("SQL")]),
    .target(name: "HTTPFetching", dependencies: [asyncHTTPClient, logging, nioCore, nioHTTP1]),
    .target(
        name: "ModelLoading",
        dependencies: [
            "CPUCompute", "CUDACompute", "CommandSupport", "Compute", "DatasetTable", "SentenceEncoding",
            argumentParser, logging,
        ]),
    .target(name: "Postgres", dependencies: ["CLibPQ"]),
    .target(name: "Safetensors"),
    .target(
        name: "SentenceEncoding", dependencies: ["Checksum", "Compute", "Safetensors", "Tokenization"],
        resources: [.embedInCode("Canaries")]),
    .target(
        name: "TaskBoard", dependencies: ["DatasetTable", "Postgres", logging], resources: [.embedInCode("SQL")]),
    .target(name: "SearchOptions", dependencies: ["CommandSupport", "DatasetSearch", "DatasetTable", argumentParser]),
    .target(name: "Tokenization", dependencies: ["CUTF8Proc"]),
]

// MARK: - Executables

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let executables: [Target] = [
    .executableTarget(
        name: "CatalogFetch",
        dependencies: [
            "Catalog", "CatalogSources", "CommandSupport", "DatasetTable", "HTTPFetching", "Postgres", "ProcessorGuard",
            argumentParser, logging, systemPackage,
        ]),
    .executableTarget(
        name: "CatalogServer",
        dependencies: [
            "CPUCompute", "Checksum", "CommandSupport", "DatasetSearch", "DatasetTable", "ModelLoading", "Postgres",
            "ProcessorGuard", "SearchOptions", "SentenceEncoding", "TaskBoard", argumentParser, httpTypes, hummingbird,
            hummingbirdCore,
            logging, metrics, mustache, nioCore, nioHTTP1, serviceLifecycle, subprocess, systemPackage,
        ],
        resources: [.embedInCode("Resources")]),
    .executableTarget(
        name: "EmbeddingJob",
        dependencies: [
            "BatchJob", "Benchmarking", "Catalog", "CommandSupport", "Compute", "DatasetSearch", "DatasetTable",
            "ModelLoading", "Postgres", "ProcessorGuard", "SearchOptions", "SentenceEncoding", "TaskBoard",
            "Tokenization", argumentParser, logging, systemPackage,
        ]),
    .executableTarget(
        name: "Microbenchmarks",
        dependencies: [
            "Benchmarking", "CPUCompute", "Checksum", "Compute", "DatasetTable", "Postgres", "ProcessorGuard",
            "Safetensors", "Tokenization", argumentParser,
        ],
        path: "Benchmarks/Micro"),
]

// MARK: - Tests

// An emulated GPU under the names of NVIDIA's libraries: a shared object, which executables open as they open the real ones.
let emulatedDevice: [Target] = [
    .target(
        name: "FakeCUDA", dependencies: ["COpenBLAS"], path: "Tests/Support/CUDA", exclude: ["README.md", "check"],
        cxxSettings: [.unsafeFlags(["-O2"])])
]

let tests: [Target] = [
    .target(
        name: "ComputeTestSupport",
        dependencies: ["CPUCompute", "CUDACompute", "Compute", "Safetensors", "SentenceEncoding", "Tokenization"],
        path: "Tests/Support/Compute", exclude: ["Fixtures"]),
    .target(
        name: "JobTestSupport",
        dependencies: [
            "BatchJob", "ComputeTestSupport", "DatasetSearch", "DatasetTable", "Postgres", "PostgresTestSupport",
            "SentenceEncoding", "Tokenization", logging,
        ],
        path: "Tests/Support/Job"),
    .target(name: "HTTPTestSupport", path: "Tests/Support/HTTP"),
    .target(name: "PostgresTestSupport", dependencies: ["Postgres"], path: "Tests/Support/Postgres"),
    .testTarget(
        name: "BatchJobTests",
        dependencies: [
            "BatchJob", "ComputeTestSupport", "DatasetSearch", "DatasetTable", "JobTestSupport", "Postgres",
            "PostgresTestSupport", "SentenceEncoding", "TaskBoard", "Tokenization",
        ]),
    .testTarget(name: "BenchmarkingTests", dependencies: ["Benchmarking"]),
    .testTarget(name: "CSVStreamingTests", dependencies: ["CSVStreaming"]),
    .testTarget(
        name: "CUDAComputeTests",
        dependencies: ["CPUCompute", "CUDACompute", "Compute", "ComputeTestSupport", "SentenceEncoding"]),
    .testTarget(name: "CatalogSourcesTests", dependencies: ["CSVStreaming", "Catalog", "CatalogSources"]),
    .testTarget(
        name: "CatalogTests",
        dependencies: ["Catalog", "DatasetTable", "JobTestSupport", "Postgres", "PostgresTestSupport", logging]),
    .testTarget(name: "ChecksumTests", dependencies: ["Checksum"]),
    .testTarget(
        name: "CommandSupportTests", dependencies: ["CommandSupport", systemPackage], exclude: ["Fixtures"]),
    .testTarget(name: "ComputeTests", dependencies: ["CPUCompute", "Compute", "ComputeTestSupport"]),
    .testTarget(
        name: "DatasetSearchTests",
        dependencies: [
            "BatchJob", "ComputeTestSupport", "DatasetSearch", "DatasetTable", "JobTestSupport", "Postgres",
            "PostgresTestSupport", "SentenceEncoding",
        ]),
    .testTarget(name: "DatasetTableTests", dependencies: ["DatasetTable", "Postgres", "PostgresTestSupport"]),
    .testTarget(name: "HTTPFetchingTests", dependencies: ["HTTPFetching", "HTTPTestSupport", logging]),
    .testTarget(
        name: "IntegrationTests",
        dependencies: [
            "Benchmarking", "CPUCompute", "CatalogFetch", "CatalogServer", "ComputeTestSupport", "DatasetSearch",
            "DatasetTable", "EmbeddingJob", "HTTPTestSupport", "JobTestSupport", "Microbenchmarks", "Postgres",
            "PostgresTestSupport", "Safetensors", "SentenceEncoding", "TaskBoard",
        ],
        exclude: ["Service/check-answers.py"]),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "PostgresTestSupport"]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors"]),
    .testTarget(
        name: "SentenceEncodingTests",
        dependencies: ["CPUCompute", "Compute", "ComputeTestSupport", "SentenceEncoding"]),
    .testTarget(
        name: "TaskBoardTests",
        dependencies: ["DatasetTable", "JobTestSupport", "Postgres", "PostgresTestSupport", "TaskBoard", logging]),
    .testTarget(name: "TokenizationTests", dependencies: ["Tokenization"], exclude: ["Fixtures"]),
]

// MARK: - Package

for target in libraries + executables + tests {
    target.swiftSettings = swiftSettings
}

let package = Package(
    name: "embedding-job",
    products: [
        .executable(name: "embedding-job", targets: ["EmbeddingJob"]),
        .executable(name: "catalog-fetch", targets: ["CatalogFetch"]),
        .executable(name: "catalog-server", targets: ["CatalogServer"]),
        .executable(name: "microbenchmarks", targets: ["Microbenchmarks"]),
        .library(name: "FakeCUDA", type: .dynamic, targets: ["FakeCUDA"]),
    ],
    // Exact versions, so that a build of next year is of the same sources as far as these go.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: cModules + libraries + executables + emulatedDevice + tests,
    cxxLanguageStandard: .cxx17
)
