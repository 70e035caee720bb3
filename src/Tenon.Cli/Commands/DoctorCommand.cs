using System.CommandLine;
using System.Globalization;
using Tenon.Cli.Configuration;
using Tenon.Core.Policies;
using Tenon.Server.Hosting;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>tenon doctor: what would keep this app from running here, each with its mend.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Argument<string> folder = AppFolder.Argument();
        var command = new Command("doctor", "Checks the machine and the app folder; exit code 1 when something is wrong.");
        command.Arguments.Add(folder);
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(folder)!));
        return command;
    }

    private static async Task<int> RunAsync(string folder)
    {
        AppFolder app = AppFolder.OpenAny(folder);
        bool well = true;
        void Check(bool good, string what, string mend)
        {
            well &= good;
            Console.WriteLine(good ? $"ok     {what}" : $"wrong  {what}\n       mend: {mend}");
        }

        Check(true, $"tenon.toml is read ({app.Config.Notices.Count} notices)", "");
        app.Config.Notices.ForEach(n => Console.WriteLine("notice " + n));
        string state = SourceRegistry.FolderOf(BackendSettings.MainDatabase(app.Config)) ?? app.State;
        Check(IsWritable(state), $"{state} can be written", "give the user who runs tenon the right to write there");
        long free = new DriveInfo(Path.GetFullPath(app.Path)).AvailableFreeSpace >> 20;
        Check(free > 200, string.Create(CultureInfo.InvariantCulture, $"{free:#,0} MiB free on its disk"), "free some space");
        int port = app.Config.Count("server.port");
        Console.WriteLine(FreePort.IsFree("127.0.0.1", port) ? $"ok     port {port} is free" : $"notice port {port} is in use (tenon dev takes the next)");
        var web = new FrontEnd(app.Config);
        if (web.NeedsBuild)
        {
            Check(FrontEnd.OnPath("node") && FrontEnd.OnPath("npm"), "Node.js builds the front end", "install Node.js with npm; the API runs without");
        }
        await OpenTablesAsync(app);
        return well ? 0 : 1;
    }

    private static async Task OpenTablesAsync(AppFolder app)
    {
        MainDatabaseOptions main = BackendSettings.MainDatabase(app.Config);
        if (!SourceRegistry.MainExists(main))
        {
            return;
        }
        await using MainDatabase database = await SourceRegistry.OpenMainAsync(main);
        foreach (string fact in database.Facts)
        {
            Console.WriteLine("ok     " + fact);
        }
        if (database.Source.Enforcements.Contains(Enforcement.Native))
        {
            foreach (string line in DatabaseReport.Policies(database.Catalog, app.Config.List("api.schemas"), BackendSettings.Security(app.Config)))
            {
                Console.WriteLine("ok     " + line);
            }
        }
        string[] listed = app.Config.List("api.open");
        var open = OpenTables.Find(database.Catalog, app.Config.List("api.schemas"), listed, app.Config.List("auth.additional_roles"));
        foreach (OpenTable table in open)
        {
            Console.WriteLine($"warn   {table} (serve refuses it)\n       mend: {Backend.MendOf(table, listed)}");
        }
        if (open.IsEmpty)
        {
            Console.WriteLine("ok     no table is open that [api] open does not list");
        }
    }

    private static bool IsWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
