using System.Globalization;
using System.Net.WebSockets;
using System.Text;

namespace Tenon.Server.Tests.Hosting;

/// <summary>The front end's own development server behind the one address, and that it ends with us.</summary>
public sealed class DevFrontEndTests
{
    // A page, an echo over a websocket, its own process id and its last words: what a bundler's server does, in a few lines.
    private const string Server = """
        import { createServer } from 'node:http';
        import { createHash } from 'node:crypto';
        import { spawn } from 'node:child_process';
        const grandchild = spawn('sleep', ['600']);
        const server = createServer((request, response) => {
          if (request.url === '/crash') { console.error('last words'); process.exit(3); }
          response.setHeader('content-type', 'text/html');
          response.end(`<!doctype html>${request.method} ${request.url} pids ${process.pid} ${grandchild.pid};`);
        });
        server.on('upgrade', (request, socket) => {
          const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: vite-hmr\r\n' + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
          socket.once('data', frame => {
            const length = frame[1] & 127;
            const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ frame[2 + i % 4]));
            socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
          });
          socket.on('error', () => {});
        });
        server.listen(Number(process.env.PORT), '127.0.0.1');
        """;

    private static AppOfFiles App() =>
        AppOfFiles.WithNotes(
            ("web/package.json", """{ "name": "pages", "private": true, "type": "module", "scripts": { "dev": "node server.mjs", "build": "mkdir -p dist && echo built > dist/index.html" } }"""),
            ("web/server.mjs", Server),
            ("web/node_modules/.keep", "")
        );

    [Fact]
    public async Task All_that_is_not_the_api_is_answered_by_it_and_websockets_reach_it()
    {
        Assert.SkipUnless(HasNode, "Node.js is not installed");
        using AppOfFiles app = App();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.Contains("npm run dev  ready", tenon.Output, StringComparison.Ordinal);
        Assert.Contains("GET /src/main.ts?t=1 pids", await tenon.GetAsync("/src/main.ts?t=1"), StringComparison.Ordinal);
        Assert.Contains("POST /anything", (await tenon.AskAsync("/anything", "{}")).Body, StringComparison.Ordinal);
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
        Assert.Contains("\"status\":\"ok\"", await tenon.GetAsync("/health/ready"), StringComparison.Ordinal);

        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("vite-hmr");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{tenon.Port}/?token=x"), TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        byte[] answer = new byte[64];
        WebSocketReceiveResult got = await socket.ReceiveAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal("hello", Encoding.UTF8.GetString(answer, 0, got.Count));
        Assert.Equal("vite-hmr", socket.SubProtocol);

        // A new migration does not cost the front end its server, and an open websocket does not hold up the end.
        int[] before = Pids(await tenon.GetAsync("/"));
        app.Write("tenon.toml", "project_id = \"other\"\n");
        await tenon.SaysAsync("Ready in", 2);
        Assert.Equal(before, Pids(await tenon.GetAsync("/")));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task It_and_its_children_end_with_tenon(string signal)
    {
        Assert.SkipUnless(HasNode && OperatingSystem.IsLinux(), "needs Node.js and /proc");
        using AppOfFiles app = App();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        int[] pids = Pids(await tenon.GetAsync("/"));
        Assert.All(pids, pid => Assert.True(IsRunning(pid)));
        int code = await tenon.EndAsync(signal);
        Assert.Equal(0, code);
        await tenon.UntilAsync(() => !pids.Any(IsRunning), "the end of " + string.Join(' ', pids));
    }

    [Fact]
    public async Task When_it_ends_by_itself_that_is_said_the_api_goes_on_and_a_change_starts_it_again()
    {
        Assert.SkipUnless(HasNode, "Node.js is not installed");
        using AppOfFiles app = App();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.Equal(502, (await tenon.AskAsync("/crash")).Status);
        await tenon.SaysAsync("npm run dev ended with code 3; the API goes on");
        await tenon.SaysAsync("last words");
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
        app.Write("web/server.mjs", Server + "\n// mended\n");
        await tenon.SaysAsync("npm run dev  ready", 2);
        Assert.Contains("GET / pids", await tenon.GetAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_no_hot_it_is_built_once_and_the_output_served()
    {
        Assert.SkipUnless(HasNode, "Node.js is not installed");
        using AppOfFiles app = App();
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path, ["--no-hot"]);
        Assert.Equal("built\n", await tenon.GetAsync("/"));
        Assert.DoesNotContain("npm run dev", tenon.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_node_that_is_said_and_the_api_and_the_built_files_are_served()
    {
        using AppOfFiles app = App();
        app.Write("web/dist/index.html", "built before");
        using var tools = new AppOfFiles();
        foreach (string tool in new[] { "sh", "setsid" })
        {
            string found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, tool)).First(File.Exists);
            File.CreateSymbolicLink(tools.File(tool), found);
        }
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path, variables: new() { ["PATH"] = tools.Path });
        Assert.Contains("not started: Node.js is not installed (the API is served all the same)", tenon.Output, StringComparison.Ordinal);
        Assert.Equal("built before", await tenon.GetAsync("/"));
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
    }

    [Fact]
    public async Task A_server_that_does_not_start_is_said_with_its_own_words_and_the_api_goes_on()
    {
        Assert.SkipUnless(HasNode, "Node.js is not installed");
        using AppOfFiles app = App();
        app.Write("web/server.mjs", "throw new Error('no such plugin');");
        await using RunningTenon tenon = await RunningTenon.StartReadyAsync("dev", app.Path);
        Assert.Contains("tenon: npm run dev ended with code 1:", tenon.Errors, StringComparison.Ordinal);
        Assert.Contains("no such plugin", tenon.Errors, StringComparison.Ordinal);
        Assert.Equal("""[{"body":"seeded"}]""", await tenon.GetAsync("/rest/v1/notes?select=body"));
    }

    private static bool HasNode => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(f => File.Exists(Path.Combine(f, "npm")));

    private static int[] Pids(string page)
    {
        string list = page[(page.IndexOf("pids ", StringComparison.Ordinal) + 5)..].TrimEnd(';');
        return [.. list.Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
    }

    // A process that has ended and was not fetched by its parent still has an entry, as a zombie.
    private static bool IsRunning(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
