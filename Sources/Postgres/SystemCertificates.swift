internal import CLibPQ
internal import Glibc

/// `sslrootcert=system`: the server's certificate is verified with the authorities that the system trusts.
///
/// libpq knows the word since version 16, where it implies `sslmode=verify-full`. An earlier one looks for a file of that name
/// and, where `sslmode` does not demand encryption, goes on without.
enum SystemCertificates {
    typealias Setting = ConnectionTarget.Setting

    /// Where distributions keep the authorities, in one file: Debian and Alpine, Fedora and its like, SUSE, others.
    private static let usualFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The file, as OpenSSL's own variable or the distribution says.
    private static var file: String? {
        let named = unsafe getenv("SSL_CERT_FILE").map { unsafe String(cString: $0) }
        return ([named].compactMap(\.self) + usualFiles).first { unsafe access($0, R_OK) == 0 }
    }

    /// Makes any libpq do what it does since version 16.
    ///
    /// - Parameters:
    ///   - settings: What libpq will be given.
    ///   - effective: What that comes to with service file, environment and defaults.
    ///   - isModeSet: Whether somebody has set `sslmode`.
    static func demand(
        _ settings: inout [Setting], _ effective: inout [Setting], isModeSet: Bool
    ) throws(PostgresError) {
        guard !isModeSet || effective["sslmode"] == "verify-full" else {
            throw .malformedConnectionString(
                reason: "sslrootcert=system needs sslmode=verify-full; write that, or leave sslmode out")
        }
        var changes = [Setting(keyword: "sslmode", value: "verify-full")]
        if PQlibVersion() < 160_000 {
            guard let file else {
                throw .malformedConnectionString(
                    reason:
                        "this libpq (\(PQlibVersion() / 10_000)) does not know sslrootcert=system; name the system's file of certificates instead"
                )
            }
            changes.append(Setting(keyword: "sslrootcert", value: file))
        }
        for change in changes {
            settings.set(change.keyword, to: change.value)
            effective.set(change.keyword, to: change.value)
        }
    }
}
