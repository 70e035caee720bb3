using Microsoft.AspNetCore.Http;

namespace Tenon.Server.Provider.Pages;

/// <summary>GET /oauth/keys.js: the script of the pages that ask for a key.</summary>
internal static class KeyScript
{
    private static readonly byte[] Text = Read();

    public static async Task WriteAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/javascript; charset=utf-8";
        response.ContentLength = Text.Length;
        response.Headers.CacheControl = "public, max-age=300";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(Text, context.RequestAborted);
    }

    private static byte[] Read()
    {
        using Stream stream = typeof(KeyScript).Assembly.GetManifestResourceStream("keys.js") ?? throw new InvalidOperationException("the assembly lacks keys.js");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
