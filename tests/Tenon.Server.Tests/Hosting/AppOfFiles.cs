using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Hosting;

/// <summary>An app folder in a temporary place, made of the files a test names.</summary>
internal sealed class AppOfFiles : IDisposable
{
    public const string Notes = """
        create table public.notes (id int primary key, body text not null);
        alter table public.notes enable row level security;
        grant select, insert on public.notes to anon;
        create policy "all" on public.notes for all using (true) with check (true);

        """;

    public AppOfFiles(params (string Name, string Text)[] files)
    {
        Path = Directory.CreateTempSubdirectory("tenon-files-").FullName;
        Write("tenon.toml", "project_id = \"files\"\n");
        foreach ((string name, string text) in files)
        {
            Write(name, text);
        }
    }

    /// <summary>One table that everybody reads and writes, with one row.</summary>
    public static AppOfFiles WithNotes(params (string Name, string Text)[] more) =>
        new([("migrations/0001_notes.sql", Notes), ("seed.sql", "insert into public.notes values (1, 'seeded');\n"), .. more]);

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), text);
    }

    /// <summary>The variables of a production start with fresh keys.</summary>
    public static Dictionary<string, string?> Production()
    {
        Keys keys = Keys.Create(TimeProvider.System);
        return new Dictionary<string, string?>
        {
            ["TENON_ENV"] = "production",
            ["TENON__SERVER__PUBLIC_URL"] = "http://app.example",
            ["TENON__SERVER__HOST"] = "127.0.0.1",
            ["TENON_ENCRYPTION_KEY"] = Convert.ToHexStringLower(keys.EncryptionKey),
            ["PUBLISHABLE_KEY"] = keys.PublishableKey,
            ["SECRET_KEY"] = keys.SecretKey,
        };
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
