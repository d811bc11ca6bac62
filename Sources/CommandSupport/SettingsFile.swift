import SystemPackage

/// A file of settings that lies in the working directory without having been named by the user.
enum SettingsFile {
    /// Where it lies.
    static let path: FilePath = ".env"
}
