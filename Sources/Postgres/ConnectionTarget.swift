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
    /// `connect_timeout` of the connection string, the service file or the environment, if it is positive.
    package let timeout: Duration?
    /// Whether the connection must fail rather than go on without TLS.
    package let demandsEncryption: Bool
    /// Whether a server that is read-only as a whole is to be passed over.
    package let refusesReadOnlyServers: Bool

    /// The value of a setting, if libpq is given one.
    package func value(of keyword: String) -> String? {
        settings[keyword]
    }
}

extension [ConnectionTarget.Setting] {
    subscript(keyword: String) -> String? {
        first { $0.keyword == keyword }?.value
    }

    /// Adds the setting unless there is one of its keyword.
    mutating func append(unlessSet keyword: String, _ value: String) {
        if self[keyword] == nil { append(.init(keyword: keyword, value: value)) }
    }

    /// Sets a keyword, whether it was set or not.
    mutating func set(_ keyword: String, to value: String) {
        removeAll { $0.keyword == keyword }
        append(.init(keyword: keyword, value: value))
    }
}

// MARK: - Finding the servers

extension ConnectionTarget {
    /// These end a dead connection after half a minute even between statements.
    private static let keepAlive = [
        ("keepalives", "1"), ("keepalives_idle", "15"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"),
    ]
    private static let serverKeywords = ["host", "hostaddr", "port"]

    /// The servers that a connection string names, in its order.
    ///
    /// - Parameters:
    ///   - connectionString: A `postgresql://` URL or `keyword=value` pairs, as libpq takes them; what it leaves out comes
    ///     from a service file and from libpq's environment variables.
    ///   - variables: More of these variables, which the process's own go before.
    ///   - applicationName: What the server shows for the session, unless the string names one.
    ///   - access: What the session will be used for.
    package static func targets(
        of connectionString: String, variables: [String: String] = [:], applicationName: String,
        access: PostgresSession.Access = .readWrite
    ) throws(PostgresError) -> [ConnectionTarget] {
        let connectionString = try ConnectionString.normalized(connectionString)
        let environment = LibPQEnvironment(completedBy: variables)
        var settings = try LibPQEnvironment.parse(connectionString)
        if ConnectionString.isURL(connectionString), settings["dbname"]?.contains("@") == true {
            throw unescaped
        }
        var effective = try environment.complete(&settings)
        try refuseMisplacedStrings(effective, explicit: settings, environment)
        trimSecrets(&settings, &effective, environment)
        if effective["sslrootcert"] == "system" {
            let isModeSet = environment.isSet("sslmode", settings, effective)
            try SystemCertificates.demand(&settings, &effective, isModeSet: isModeSet)
        }

        for (keyword, value) in keepAlive where effective[keyword] == nil {
            settings.append(unlessSet: keyword, value)
        }
        let asksForServers = environment.isSet("target_session_attrs", settings, effective)
        // By that libpq means the default of the session as well, which a role may have to be read-only. Transactions say what
        // they are, so it is the server that has to take writes.
        let asksForWriting = asksForServers && effective["target_session_attrs"] == "read-write"
        if asksForWriting {
            settings.set("target_session_attrs", to: "primary")
        } else if !asksForServers {
            settings.set("target_session_attrs", to: access == .readWrite ? "primary" : "any")
        }
        // Texts are decoded as UTF-8 here, so the encoding is not a choice; see PostgresSession.connect for SQL_ASCII.
        settings.set("client_encoding", to: "UTF8")
        settings.set("fallback_application_name", to: applicationName)
        let timeout = effective["connect_timeout"].flatMap { Int($0) } ?? 0
        let mode = effective["sslmode"] ?? ""
        return servers(of: effective).map { server in
            ConnectionTarget(
                settings: settings.filter { !serverKeywords.contains($0.keyword) } + server,
                endpoint: endpoint(of: server, database: effective["dbname"] ?? ""),
                timeout: timeout > 0 ? .seconds(timeout) : nil,
                demandsEncryption: ["require", "verify-ca", "verify-full"].contains(mode),
                refusesReadOnlyServers: asksForWriting || access == .readWrite && !asksForServers)
        }
    }

    /// The text before an "@" is the rest of a password; it must reach neither a message nor a name server.
    private static let unescaped = PostgresError.malformedConnectionString(
        reason: "it holds an unescaped special character; write \"@\" as %40, \"/\" as %2F, \":\" as %3A")

    /// Refuses a connection string in the place of one of its parts, where it would be taken for a name and be shown.
    private static func refuseMisplacedStrings(
        _ effective: [Setting], explicit: [Setting], _ environment: LibPQEnvironment
    ) throws(PostgresError) {
        // The user before the database, which without a name of its own has the user's.
        for keyword in ["host", "hostaddr", "port", "user", "dbname", "service"] {
            guard let value = effective[keyword] else { continue }
            if value.contains("://") || value.contains(/(?i)\b(?:password|host|user|dbname)\s*=/) {
                let isOfEnvironment = explicit[keyword] == nil && environment.settings[keyword] != nil
                let variable = isOfEnvironment ? LibPQEnvironment.variable(of: keyword) : nil
                throw .malformedConnectionString(
                    reason: "a whole connection string stands in the place of \(variable ?? keyword); give it by itself"
                )
            }
            if keyword == "host", value.contains("@") { throw unescaped }
        }
    }

    /// Takes off the line feed at the end of values, as a secret has that comes from a file.
    private static func trimSecrets(
        _ settings: inout [Setting], _ effective: inout [Setting], _ environment: LibPQEnvironment
    ) {
        if effective["password"] == nil, let password = environment.settings["password"] {
            effective.set("password", to: password)
        }
        for setting in effective where setting.value.last?.isNewline == true {
            let end = setting.value.lastIndex { !$0.isNewline }.map(setting.value.index(after:))
            let value = String(setting.value[..<(end ?? setting.value.startIndex)])
            settings.set(setting.keyword, to: value)
            effective.set(setting.keyword, to: value)
        }
    }

    /// Host and port of each server, as settings; lists that do not match have been refused by libpq.
    private static func servers(of effective: [Setting]) -> [[Setting]] {
        let lists = serverKeywords.map { keyword in
            effective[keyword]?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        }
        return (0..<max(1, lists[0].count, lists[1].count)).map { index in
            zip(serverKeywords, lists).compactMap { keyword, list in
                guard let value = list.count == 1 ? list[0] : list.dropFirst(index).first, !value.isEmpty else {
                    return nil
                }
                return Setting(keyword: keyword, value: value)
            }
        }
    }

    private static func endpoint(of server: [Setting], database: String) -> String {
        let host = server["host"] ?? server["hostaddr"] ?? "local socket"
        let isIPv6Address = host.contains(":") && !host.hasPrefix("/")
        return "\(isIPv6Address ? "[\(host)]" : host):\(server["port"] ?? "5432")/\(database)"
    }
}
