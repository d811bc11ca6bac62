/// The version that the executables share.
package enum ProgramVersion {
    /// What `--version` prints: `MAJOR.MINOR.PATCH`.
    package static let current = "0.2.0"
}
