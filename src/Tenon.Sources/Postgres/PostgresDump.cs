using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Tenon.Core.Codegen;

namespace Tenon.Sources.Postgres;

/// <summary>pg_dump on the main database: PostgreSQL's own program prints what PostgreSQL alone knows.</summary>
internal static class PostgresDump
{
    public static ProcessStartInfo Program(MainDatabaseOptions options, DumpRequest request)
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read(options.Url);
        var program = new ProcessStartInfo("pg_dump") { RedirectStandardOutput = true, RedirectStandardError = true };
        program.ArgumentList.Add("--no-owner");
        program.ArgumentList.Add("--no-password");
        if (request.Schema != request.Rows)
        {
            program.ArgumentList.Add(request.Schema ? "--schema-only" : "--data-only");
        }
        if (!request.Schema)
        {
            // The database they are loaded into has a history of its own.
            program.ArgumentList.Add("--exclude-table-data=tenon.*");
        }
        foreach (var table in request.WithoutRows)
        {
            program.ArgumentList.Add("--exclude-table-data=" + SqlNames.Of(table));
        }
        // Never as an argument: others on the machine see those.
        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                program.Environment[name] = value;
            }
        }
        Set("PGHOST", address.Host);
        Set("PGPORT", address.Port.ToString(CultureInfo.InvariantCulture));
        Set("PGUSER", address.Username);
        Set("PGPASSWORD", address.Password);
        Set("PGDATABASE", address.Database);
        Set("PGSSLROOTCERT", address.RootCertificate);
        Set("PGSSLCERT", address.SslCertificate);
        Set("PGSSLKEY", address.SslKey);
        Set("PGSSLMODE", address.SslMode switch { SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", var mode => mode.ToString().ToLowerInvariant() });
        return program;
    }
}
