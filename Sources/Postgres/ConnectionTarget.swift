internal import CLibPQ
internal import Glibc

/// One server to try, with all settings of the connection.
///
/// A connection string may name several hosts. libpq's asynchronous interface moves on to the next one only when a
/// host answers badly, not when it does not answer at all, so the list is split here and each host gets its own time.
package struct ConnectionTarget: Sendable {
    package struct Setting: Sendable, Equatable {
        package let keyword: String
        package let value: String
    }

    /// What libpq is given, each keyword once.
    package let settings: [Setting]
    /// Host, port and database for messages, without user and password.
    package let endpoint: String
    /// `connect_timeout` of the connection string, if it is positive.
    package let timeout: Duration?

    /// The value of a setting, if the connection string or the defaults of this module have one.
    package func value(of keyword: String) -> String? {
        settings.first { $0.keyword == keyword }?.value
    }

    /// Whether the connection must fail rather than go on without TLS.
    package var demandsEncryption: Bool {
        ["require", "verify-ca", "verify-full"].contains(value(of: "sslmode") ?? "")
    }
}

// MARK: - Reading a connection string

extension ConnectionTarget {
    /// Settings that the connection string and libpq's environment variables may override.
    ///
    /// The keep-alive settings end a dead connection after half a minute even between statements.
    private static let defaults = [
        Setting(keyword: "keepalives", value: "1"),
        Setting(keyword: "keepalives_idle", value: "15"),
        Setting(keyword: "keepalives_interval", value: "5"),
        Setting(keyword: "keepalives_count", value: "3"),
        Setting(keyword: "tcp_user_timeout", value: "20000"),
        Setting(keyword: "target_session_attrs", value: "read-write"),
    ]

    /// The servers that a connection string names, in its order.
    ///
    /// - Parameters:
    ///   - connectionString: A `postgresql://` URL or `keyword=value` pairs, as libpq takes them.
    ///   - applicationName: What the server shows for the session, unless the string names one.
    package static func targets(
        of connectionString: String, applicationName: String
    ) throws(PostgresError) -> [ConnectionTarget] {
        var parsed = try parse(connectionString)
        let isURL = connectionString.hasPrefix("postgres://") || connectionString.hasPrefix("postgresql://")
        let parts = [value("host", in: parsed), isURL ? value("dbname", in: parsed) : nil]
        if parts.contains(where: { $0?.contains("@") == true }) {
            // The text before that "@" is the rest of a password; it must reach neither a message nor a name server.
            throw .malformedConnectionString(
                reason: "it holds an unescaped special character; write \"@\" as %40, \"/\" as %2F, \":\" as %3A")
        }
        let inherited = environmentAndCompiledSettings()
        for setting in defaults where value(setting.keyword, in: parsed) == nil {
            if !inherited.fromEnvironment.contains(setting.keyword) { parsed.append(setting) }
        }
        // Texts are decoded as UTF-8 here, so the encoding is not a choice; see PostgresSession.connect for SQL_ASCII.
        parsed.removeAll { ["client_encoding", "fallback_application_name"].contains($0.keyword) }
        parsed.append(Setting(keyword: "client_encoding", value: "UTF8"))
        parsed.append(Setting(keyword: "fallback_application_name", value: applicationName))
        return splitHosts(of: parsed).map { settings in
            let timeout = value("connect_timeout", in: settings).flatMap { Int($0) } ?? 0
            return ConnectionTarget(
                settings: settings, endpoint: endpoint(of: settings, inherited: inherited.values),
                timeout: timeout > 0 ? .seconds(timeout) : nil)
        }
    }

    /// libpq's own words up to the first quotation mark: what it quotes can be part of a password.
    static func malformed(libpqMessage: String) -> PostgresError {
        let ownWords = libpqMessage.prefix { $0 != "\"" && $0 != "\n" }
        let trimmed = ownWords.reversed().drop { $0 == " " || $0 == ":" }.reversed()
        return .malformedConnectionString(
            reason: """
                libpq says "\(String(trimmed))"; expected is postgresql://user@host:port/database with special \
                characters percent-encoded, or keyword=value pairs
                """)
    }

    private static func parse(_ connectionString: String) throws(PostgresError) -> [Setting] {
        var message: UnsafeMutablePointer<CChar>?
        guard !connectionString.utf8.contains(0) else {
            throw .malformedConnectionString(reason: "it holds a NUL character")
        }
        guard let options = unsafe PQconninfoParse(connectionString, &message) else {
            defer { unsafe PQfreemem(message) }
            throw malformed(libpqMessage: unsafe message.map { unsafe String(cString: $0) } ?? "out of memory")
        }
        defer { unsafe PQconninfoFree(options) }
        var settings: [Setting] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe settings.append(Setting(keyword: String(cString: keyword), value: String(cString: value)))
            }
            unsafe option += 1
        }
        return settings
    }

    /// What libpq adds by itself: all values, and the keywords whose value an environment variable sets.
    private static func environmentAndCompiledSettings() -> (values: [Setting], fromEnvironment: Set<String>) {
        guard let options = unsafe PQconndefaults() else { return ([], []) }
        defer { unsafe PQconninfoFree(options) }
        var values: [Setting] = []
        var fromEnvironment: Set<String> = []
        var option = unsafe options
        while let name = unsafe option.pointee.keyword {
            let keyword = unsafe String(cString: name)
            if let value = unsafe option.pointee.val {
                unsafe values.append(Setting(keyword: keyword, value: String(cString: value)))
            }
            if let variable = unsafe option.pointee.envvar, unsafe getenv(variable) != nil {
                fromEnvironment.insert(keyword)
            }
            unsafe option += 1
        }
        return (values, fromEnvironment)
    }

    private static func value(_ keyword: String, in settings: [Setting]) -> String? {
        settings.first { $0.keyword == keyword }?.value
    }

    /// One list of settings per host; lists that do not match are left as they are, and libpq names the fault.
    private static func splitHosts(of settings: [Setting]) -> [[Setting]] {
        let lists = ["host", "hostaddr", "port"].map { keyword in
            value(keyword, in: settings)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let count = max(lists[0]?.count ?? 1, lists[1]?.count ?? 1)
        let matches = lists.prefix(2).allSatisfy { $0 == nil || $0?.count == count }
        let portsMatch = lists[2] == nil || lists[2]?.count == 1 || lists[2]?.count == count
        guard count > 1, matches, portsMatch else { return [settings] }
        return (0..<count).map { index in
            settings.compactMap { setting in
                guard let position = ["host", "hostaddr", "port"].firstIndex(of: setting.keyword),
                    let list = lists[position]
                else { return setting }
                let value = list[list.count == 1 ? 0 : index]
                return value.isEmpty ? nil : Setting(keyword: setting.keyword, value: value)
            }
        }
    }

    private static func endpoint(of settings: [Setting], inherited: [Setting]) -> String {
        func effective(_ keyword: String) -> String? {
            let value = value(keyword, in: settings) ?? value(keyword, in: inherited)
            return value?.isEmpty == false ? value : nil
        }
        let database = effective("dbname") ?? effective("user") ?? ""
        if let service = effective("service"), value("host", in: settings) == nil {
            return "service \(service)"
        }
        let host = effective("host") ?? effective("hostaddr") ?? "local socket"
        let isIPv6Address = host.contains(":") && !host.hasPrefix("/")
        return "\(isIPv6Address ? "[\(host)]" : host):\(effective("port") ?? "5432")/\(database)"
    }
}
