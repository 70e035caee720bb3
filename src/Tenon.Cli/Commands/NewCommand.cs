using System.CommandLine;
using Tenon.Cli.Configuration;

namespace Tenon.Cli.Commands;

/// <summary>tenon new DIR: one table, one policy, one page; enough to change into something else.</summary>
internal static class NewCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The folder to make." };
        var command = new Command("new", "Makes an app folder with one table, one policy and one page.");
        command.Arguments.Add(folder);
        command.SetAction(parsed => Make(parsed.GetValue(folder)!));
        return command;
    }

    private static int Make(string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new ConfigException($"{folder} is not empty");
        }
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        Write(folder, "tenon.toml", $"{SettingsSchema.Directive}\nproject_id = \"{name.Replace("\"", "", StringComparison.Ordinal)}\"\n\n[web]\nroot = \"public\"\n");
        SettingsSchema.Write(Path.Combine(folder, ".tenon"));
        Write(folder, ".gitignore", ".tenon/\nnode_modules/\n.env.local\n");
        Write(folder, "migrations/0001_notes.sql", Migration);
        Write(folder, "seed.sql", "insert into public.notes (body) values ('The first note: it came from seed.sql.');\n");
        Write(folder, "public/index.html", Page);
        Console.WriteLine($"{folder} is made; run it with: tenon dev {folder}");
        return 0;
    }

    private static void Write(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private const string Migration = """
        create table public.notes (
          id bigint generated always as identity primary key,
          body text not null check (length(body) <= 2000),
          created_at timestamptz not null default now()
        );

        alter table public.notes enable row level security;
        grant select on public.notes to anon, authenticated;
        create policy "everybody reads notes" on public.notes for select using (true);

        """;

    private const string Page = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Notes</title>
        <main>
          <h1>Notes</h1>
          <ul id="notes"></ul>
        </main>
        <script type="module">
          const { publishableKey } = await (await fetch('/.well-known/tenon.json')).json();
          const answer = await fetch('/rest/v1/notes?select=body&order=id', { headers: { apikey: publishableKey } });
          for (const { body } of await answer.json()) {
            const item = document.createElement('li');
            item.textContent = body;
            document.querySelector('#notes').append(item);
          }
        </script>
        </html>

        """;
}
