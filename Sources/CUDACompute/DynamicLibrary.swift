internal import Glibc

/// A shared library that is opened at run time and never closed: it may have threads and callbacks of its own.
@safe struct DynamicLibrary {
    let handle: UnsafeMutableRawPointer
    /// As it was opened: a path, or a name that the dynamic loader found.
    let name: String

    /// Opens a library with this path, or with this name wherever the dynamic loader looks.
    init(_ name: String) throws(CUDAError) {
        guard let handle = unsafe dlopen(name, RTLD_LAZY | RTLD_LOCAL) else {
            throw .libraryUnusable(
                name, reason: unsafe dlerror().map { unsafe String(cString: $0) } ?? "unknown reason")
        }
        unsafe self.handle = handle
        self.name = name
    }
}

/// Where CUDA's libraries are looked for: in given folders, then where the dynamic loader looks, then where NVIDIA's
/// installer puts them.
///
/// Never in the working folder.
struct LibrarySearch {
    private static let installed = "/usr/local/cuda/lib64"
    private let folders: [String]

    /// Refuses folders that are not there, since something else would be found in their stead.
    init(folders: [String]) throws(CUDAError) {
        for folder in folders where !folder.hasPrefix("/") || !Self.isFolder(folder) { throw .folder(folder) }
        self.folders = folders
    }

    /// Opens the first of several names that is to be had, and before it, from its own folder, what it needs beside it: such
    /// libraries are not found otherwise where each has a folder of its own.
    func open(_ names: [String], companions: (String) -> String? = { _ in nil }) throws(CUDAError) -> DynamicLibrary {
        for name in names {
            for folder in folders where Self.exists("\(folder)/\(name)") {
                try Self.openCompanion(companions(name), in: folder)
                return try DynamicLibrary("\(folder)/\(name)")
            }
            if let library = try Self.openByName(name) { return library }
            if Self.exists("\(Self.installed)/\(name)") {
                try Self.openCompanion(companions(name), in: Self.installed)
                return try DynamicLibrary("\(Self.installed)/\(name)")
            }
        }
        throw .libraryMissing(names.joined(separator: " or "))
    }

    private static func openByName(_ name: String) throws(CUDAError) -> DynamicLibrary? {
        do {
            return try DynamicLibrary(name)
        } catch .libraryUnusable(_, let reason) where reason.contains("\(name): cannot open shared object file") {
            // It is not there; whatever else keeps it from being opened is an error.
            return nil
        } catch {
            throw error
        }
    }

    /// Opens what begins with a prefix, if the folder has it.
    private static func openCompanion(_ prefix: String?, in folder: String) throws(CUDAError) {
        guard let prefix, let name = names(in: folder).filter({ $0.hasPrefix(prefix) }).min() else { return }
        _ = try DynamicLibrary("\(folder)/\(name)")
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func names(in folder: String) -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    names.append(unsafe String(cString: $0))
                }
            }
        }
        return names
    }
}
