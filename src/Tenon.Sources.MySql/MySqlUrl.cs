using System.Collections.Immutable;
using MySqlConnector;
using Tenon.Core.Errors;

namespace Tenon.Sources.MySql;

/// <summary>mysql://user:password@host:port/database?ssl-mode=required → the driver's settings.</summary>
internal static class MySqlUrl
{
    public static readonly ImmutableArray<string> Schemes = ["mysql://", "mariadb://"];

    private const string Shape = "Write it as mysql://user:password@host:3306/database";

    public static Outcome<MySqlConnectionStringBuilder> Read(AttachedOptions options)
    {
        if (!Uri.TryCreate(options.Url, UriKind.Absolute, out Uri? url) || url.Host.Length == 0 || url.AbsolutePath.Trim('/').Length == 0)
        {
            return Invalid(options, "is not a url with a host and a database");
        }
        string[] user = url.UserInfo.Split(':', 2);
        var builder = new MySqlConnectionStringBuilder
        {
            Server = url.Host,
            Port = url.IsDefaultPort ? 3306 : (uint)url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath.Trim('/')),
            UserID = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "",
            MaximumPoolSize = (uint)Math.Max(options.PoolSize, 1),
            ConnectionTimeout = 5,
            // Only for a line that is dead: the lease ends statements, and the driver's watch runs on while nobody reads.
            DefaultCommandTimeout = (uint)Math.Max(MySqlPool.Longest.TotalSeconds, Math.Ceiling(options.Timeout.TotalSeconds)) + 1,
            // The session is set up once per connection; nothing in it changes from request to request.
            ConnectionReset = false,
            NoBackslashEscapes = true,
            TreatTinyAsBoolean = false,
            GuidFormat = MySqlGuidFormat.None,
            UseAffectedRows = false,
            AllowUserVariables = false,
            AllowLoadLocalInfile = false,
            CancellationTimeout = 2,
        };
        return Options(url.Query, builder) is { } unknown ? Invalid(options, $"has an option that is not known: {unknown}") : builder;
    }

    public const string NotEncrypted = "the connection is not encrypted; mend: add ?ssl-mode=verify-full (or required) to the url";

    public static bool IsLocal(MySqlConnectionStringBuilder settings) =>
        settings.Server is "localhost" || (System.Net.IPAddress.TryParse(settings.Server.Trim('[', ']'), out System.Net.IPAddress? address) && System.Net.IPAddress.IsLoopback(address));

    private static string? Options(string query, MySqlConnectionStringBuilder builder)
    {
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            bool isMode = parts[0] is "ssl-mode" or "sslmode";
            if (!isMode || parts.Length < 2 || ModeOf(parts[1]) is not { } mode)
            {
                return parts[0];
            }
            builder.SslMode = mode;
        }
        return null;
    }

    private static MySqlSslMode? ModeOf(string text) =>
        text.ToLowerInvariant() switch
        {
            "disabled" or "none" => MySqlSslMode.Disabled,
            "preferred" => MySqlSslMode.Preferred,
            "required" => MySqlSslMode.Required,
            "verify-ca" or "verify_ca" => MySqlSslMode.VerifyCA,
            "verify-full" or "verify_identity" => MySqlSslMode.VerifyFull,
            _ => null,
        };

    private static Error Invalid(AttachedOptions options, string what) =>
        new(ErrorCodes.InvalidParameterValue, $"the url of source {options.Name} {what}", null, Shape);
}
