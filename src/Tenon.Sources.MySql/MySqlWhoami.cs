using MySqlConnector;

namespace Tenon.Sources.MySql;

/// <summary>Which server this is, as whom Tenon is there, and whether others may read what goes over the line.</summary>
internal static class MySqlWhoami
{
    private const string Text =
        "select version(), current_user(), (select variable_value from information_schema.session_status where variable_name = 'SSL_CIPHER')";

    public static async Task<(string Server, string User, bool Encrypted)> AskAsync(MySqlPool pool, CancellationToken cancellation)
    {
        await using MySqlConnection connection = await pool.RentAsync(cancellation).ConfigureAwait(false);
        try
        {
            var command = new MySqlCommand(Text, connection);
            await using (command)
            {
                await using MySqlDataReader reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
                await reader.ReadAsync(cancellation).ConfigureAwait(false);
                // "10.11.19-MariaDB-0+deb12u1": what comes after the number is the packager's.
                string version = reader.GetString(0).Split('-')[0];
                return ($"MariaDB {version}", reader.GetString(1), !reader.IsDBNull(2) && reader.GetString(2).Length > 0);
            }
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw MySqlErrors.Of(failure, pool.Name);
        }
    }
}
