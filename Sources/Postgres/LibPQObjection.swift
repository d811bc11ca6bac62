/// What libpq has against a connection string or a setting, before it connects.
struct LibPQObjection {
    private let message: String
    private let connectionString: String?

    /// Takes libpq's message, and the connection string if it is about that.
    init(_ message: String, _ connectionString: String?) {
        self.message = message
        self.connectionString = connectionString
    }

    /// libpq's words up to the first quotation mark.
    var ownWords: String {
        let words = message.prefix { $0 != "\"" && $0 != "\n" }
        return String(words.reversed().drop { $0 == " " || $0 == ":" }.reversed())
    }

    /// What is wrong and what to do; nil where libpq's words are all that can be said.
    var reason: String? { unknownName ?? wrongValue ?? wrongNumber }

    // MARK: - Names

    private var unknownName: String? {
        let form = /^(?:invalid connection option|invalid URI query parameter:) "(?<name>[A-Za-z_]{1,40})"/
        guard let name = message.firstMatch(of: form)?.output.name, isNoSecret(name) else { return nil }
        return "libpq knows no parameter \(name); take it out, or correct its name"
    }

    /// Whether a name can stand in a message: one that follows a password may be what a blank or a slash has cut off from it.
    ///
    /// It is made of letters, as libpq's own are, and no "@" follows it.
    private func isNoSecret(_ name: Substring) -> Bool {
        guard let connectionString else { return false }
        if ConnectionString.isURL(connectionString) {
            guard let query = connectionString.firstIndex(of: "?") else { return false }
            return !connectionString[query...].contains("@") && connectionString[query...].contains("\(name)=")
        }
        guard let place = connectionString.firstRange(of: "\(name)") else { return false }
        return !connectionString[..<place.lowerBound].lowercased().contains("password")
    }

    // MARK: - Values

    private static let valuesByKeyword: KeyValuePairs = [
        "sslmode": "disable, allow, prefer, require, verify-ca or verify-full",
        "channel_binding": "disable, prefer or require", "gssencmode": "disable, prefer or require",
        "target_session_attrs": "any, read-write, read-only, primary, standby or prefer-standby",
        "load_balance_hosts": "disable or random", "sslnegotiation": "postgres or direct",
        "sslcertmode": "disable, allow or require",
        "ssl_min_protocol_version": "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3",
        "ssl_max_protocol_version": "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3",
    ]

    private var wrongValue: String? {
        guard let name = message.firstMatch(of: /^invalid (\w+) value/)?.output.1 else { return nil }
        return Self.valuesByKeyword.first { $0.key == name }.map { "\(name) must be \($0.value), in lower case" }
    }

    private var wrongNumber: String? {
        if message.hasPrefix("invalid port number") { return "the port must be a whole number from 1 to 65535" }
        let form = /^invalid integer value ".*" for connection option "(\w+)"/
        return message.firstMatch(of: form).map { "\($0.output.1) must be a whole number" }
    }
}
