internal import Foundation
internal import Testing

/// The libraries that a GPU is used by: NVIDIA's where there is a GPU to be tested, else the emulated ones.
public enum CUDALibraryFolder {
    /// Whether tests of the device run on a GPU: `EMBEDDING_TEST_CUDA=1`, with `EMBEDDING_TEST_CUDA_LIBRARIES` where the
    /// libraries are in places of their own.
    public static let isReal = ProcessInfo.processInfo.environment["EMBEDDING_TEST_CUDA"] == "1"

    /// The folders to hand to a backend.
    public static func paths() throws -> [String] {
        guard isReal else { return [try emulated()] }
        let folders = ProcessInfo.processInfo.environment["EMBEDDING_TEST_CUDA_LIBRARIES"] ?? ""
        return folders.split(separator: ":").map(String.init)
    }

    /// A folder in which the emulated device goes by the names of NVIDIA's libraries.
    ///
    /// It stays after the tests, and holds nothing but links.
    public static func emulated() throws -> String { try folder.get().path }

    /// The shared object that the build made of `Tests/Support/CUDA`.
    public static var emulator: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "libFakeCUDA.so").path
    }

    private static let folder = Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "embedding-job-cuda-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        for name in ["libcuda.so.1", "libcublas.so.13", "libnvrtc.so.13"] { try link(name, in: folder.path) }
        return folder
    }

    /// Puts the emulated device into a folder under another name.
    public static func link(_ name: String, in folder: String) throws {
        try #require(FileManager.default.fileExists(atPath: emulator), "\(emulator) is not built")
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: emulator)
    }
}
