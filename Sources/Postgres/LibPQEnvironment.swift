internal import CLibPQ
internal import Glibc

/// What libpq takes from elsewhere than the connection string: service files and environment variables.
struct LibPQEnvironment {
    typealias Setting = ConnectionTarget.Setting

    /// What the variables set, those of the process and the completing ones.
    let settings: [Setting]
    /// Of these, what libpq does not find by itself.
    private let completing: [Setting]

    /// Reads the variables that the process has, and for those it has not, the completing ones.
    init(completedBy variables: [String: String]) {
        var (own, completing): ([Setting], [Setting]) = ([], [])
        for (keyword, variable) in Self.options.variables {
            if let value = unsafe getenv(variable).map({ unsafe String(cString: $0) }), !value.isEmpty {
                own.append(Setting(keyword: keyword, value: value))
            } else if let value = variables[variable], !value.isEmpty {
                completing.append(Setting(keyword: keyword, value: value))
            }
        }
        settings = own + completing
        self.completing = completing
    }

    /// Whether the variables say which server or database is meant.
    var namesServer: Bool {
        ["host", "hostaddr", "dbname", "service"].contains { settings[$0] != nil }
    }

    /// Whether somebody has set a keyword for which libpq itself has a default.
    func isSet(_ keyword: String, _ explicit: [Setting], _ effective: [Setting]) -> Bool {
        explicit[keyword] != nil || settings[keyword] != nil || effective[keyword] != Self.options.defaults[keyword]
    }

    /// Adds to the settings of a connection string what the completing variables say, and returns what all of it comes to
    /// with service file, environment and libpq's own defaults.
    ///
    /// As for libpq, a service file goes before variables.
    func complete(_ explicit: inout [Setting]) throws(PostgresError) -> [Setting] {
        if let service = completing["service"] { explicit.append(unlessSet: "service", service) }
        let effective = try Self.effective(explicit)
        guard !completing.isEmpty else { return effective }
        let hasService = effective["service"] != nil
        for setting in completing where !hasService || Self.isDefault(setting.keyword, effective) {
            explicit.append(unlessSet: setting.keyword, setting.value)
        }
        return try Self.effective(explicit)
    }

    /// Whether a value is what libpq takes where nobody has set one.
    private static func isDefault(_ keyword: String, _ effective: [Setting]) -> Bool {
        switch keyword {
        case "dbname": effective[keyword] == effective["user"]
        case "user": effective[keyword] == userOfProcess
        default: effective[keyword] == nil || effective[keyword] == options.defaults[keyword]
        }
    }
}

// MARK: - Asking the system and libpq

extension LibPQEnvironment {
    private static var userOfProcess: String? {
        unsafe getpwuid(geteuid()).flatMap { unsafe $0.pointee.pw_name }.map { unsafe String(cString: $0) }
    }

    /// The variable of each keyword that has one, and libpq's defaults.
    private static let options: (variables: [(keyword: String, variable: String)], defaults: [Setting]) = {
        guard let options = unsafe PQconninfoParse("", nil) else { return ([], []) }
        defer { unsafe PQconninfoFree(options) }
        return unsafe (
            each(options) { option in
                unsafe option.envvar.map { unsafe (String(cString: option.keyword), String(cString: $0)) }
            },
            each(options) { option in
                unsafe option.compiled.map {
                    unsafe Setting(keyword: String(cString: option.keyword), value: String(cString: $0))
                }
            }
        )
    }()

    /// The variable that sets a keyword.
    static func variable(of keyword: String) -> String? {
        options.variables.first { $0.keyword == keyword }?.variable
    }

    /// The settings of a connection string, in libpq's form.
    static func parse(_ connectionString: String) throws(PostgresError) -> [Setting] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(connectionString, &message) else {
            defer { unsafe PQfreemem(message) }
            let words = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw malformed(libPQMessage: words, connectionString)
        }
        defer { unsafe PQconninfoFree(options) }
        return unsafe settings(options)
    }

    /// What is wrong, by the name of the setting where that cannot be part of a password; else libpq's own words up to the
    /// first quotation mark, for what it quotes can be.
    static func malformed(libPQMessage: String, _ connectionString: String? = nil) -> PostgresError {
        let objection = LibPQObjection(libPQMessage, connectionString)
        if let reason = objection.reason { return .malformedConnectionString(reason: reason) }
        return .malformedConnectionString(
            reason: "libpq says \"\(objection.ownWords)\"; \(ConnectionString.expectedForm)")
    }

    /// What settings come to with service file, environment and defaults.
    ///
    /// libpq tells only of a connection that has begun. So one is begun that must fail before anything is looked up or
    /// sent: for a value of `channel_binding` that there is not. The password spares the search for a password file.
    private static func effective(_ explicit: [Setting]) throws(PostgresError) -> [Setting] {
        var probe = explicit
        probe.set("channel_binding", to: "none of these")
        probe.set("password", to: "none")
        guard let handle = unsafe PostgresConnection.start(probe) else {
            throw .systemCallFailed(name: "malloc", errno: ENOMEM)
        }
        defer { unsafe PQfinish(handle) }
        let message = unsafe String(cString: PQerrorMessage(handle))
        guard message.contains("channel_binding") else {
            if message.contains(#/^(?:definition of )?service /#) {
                throw .malformedConnectionString(
                    reason: "the service that it or PGSERVICE names is in no service file; see PGSERVICEFILE")
            }
            throw malformed(libPQMessage: message)
        }
        guard let options = unsafe PQconninfo(handle) else { throw .systemCallFailed(name: "malloc", errno: ENOMEM) }
        defer { unsafe PQconninfoFree(options) }
        let hidden = ["channel_binding", "password"]
        return unsafe settings(options).filter { !$0.value.isEmpty && !hidden.contains($0.keyword) }
            + explicit.filter { hidden.contains($0.keyword) }
    }

    private static func settings(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [Setting] {
        unsafe each(options) { option in
            unsafe option.val.map { value in
                unsafe Setting(keyword: String(cString: option.keyword), value: String(cString: value))
            }
        }
    }

    private static func each<Value>(
        _ options: UnsafeMutablePointer<PQconninfoOption>, _ body: (PQconninfoOption) -> Value?
    ) -> [Value] {
        var values: [Value] = []
        var option = unsafe options
        while unsafe option.pointee.keyword != nil {
            if let value = unsafe body(option.pointee) { values.append(value) }
            unsafe option += 1
        }
        return values
    }
}
