using System.Globalization;
using Npgsql;

namespace Tenon.Sources.Postgres;

/// <summary>postgres://user:password@host:port/database?sslmode=… as libpq reads it → what the driver takes. Errors never show the url.</summary>
internal static class PostgresUrl
{
    public static readonly string[] Schemes = ["postgres://", "postgresql://"];

    /// <summary>Parameters of the url's query by libpq's names, and the driver's name for each.</summary>
    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout",
        ["application_name"] = "Application Name",
        ["target_session_attrs"] = "Target Session Attributes",
        ["host"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
    };

    public static NpgsqlConnectionStringBuilder Read(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri))
        {
            throw new FormatException("the url of the PostgreSQL database cannot be read; it is postgres://user:password@host:port/database");
        }
        var builder = new NpgsqlConnectionStringBuilder { ApplicationName = "tenon" };
        if (uri.Host.Length > 0)
        {
            builder.Host = uri.Host;
        }
        if (uri.Port > 0)
        {
            builder.Port = uri.Port;
        }
        string[] user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }
        if (user.Length > 1)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }
        string database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        builder.Database = database.Length > 0 ? database : builder.Username;
        ReadQuery(uri.Query, builder);
        return builder;
    }

    private static void ReadQuery(string query, NpgsqlConnectionStringBuilder builder)
    {
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (!Known.TryGetValue(parts[0], out string? name))
            {
                throw new FormatException(
                    string.Create(CultureInfo.InvariantCulture, $"the url of the PostgreSQL database has the unknown parameter {parts[0]}")
                );
            }
            builder[name] = Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : "").Replace("-", "", StringComparison.Ordinal);
        }
    }
}
