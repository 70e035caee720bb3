using Microsoft.AspNetCore.Http;
using Tenon.Server.Auth;
using Tenon.Server.Provider.Grants;
using Tenon.Server.Provider.Protocol;

namespace Tenon.Server.Provider.Pages;

/// <summary>/oauth/device: where a user types the code their device shows. Guesses are limited per client address.</summary>
internal sealed class DevicePage(BrowserSessions browsers, PendingRequests requests, SubRequests subRequests, AuthLimits limits, PageWriter pages, AuthOptions options)
{
    private const string About = "device";

    public Task GetAsync(HttpContext context) => ShowAsync(context, StatusCodes.Status200OK, context.Request.Query["user_code"].ToString(), null);

    public async Task PostAsync(HttpContext context)
    {
        IFormCollection? form = context.Request.HasFormContentType ? await AuthForm.ReadAsync(context) : null;
        if (form is null || !browsers.IsOurForm(context, About, form["form"].ToString()))
        {
            await pages.ErrorAsync(context, StatusCodes.Status403Forbidden, "invalid_form", "This form was not sent from the page it belongs to, or cookies are blocked.");
            return;
        }
        string code = form["user_code"].ToString().Trim().ToUpperInvariant();
        try
        {
            await limits.TakeAsync(AuthLimit.Verification, context);
        }
        catch (AuthException e)
        {
            await ShowAsync(context, e.Error.Status, code, e.Error.Message);
            return;
        }
        PendingRequest? found = code.Length is > 0 and <= 32 ? await subRequests.FindDeviceAsync(context, code) : null;
        if (found is null)
        {
            await ShowAsync(context, StatusCodes.Status400BadRequest, code, "This code is not known, or has expired. Look again at your device.");
            return;
        }
        PendingRequest kept = await requests.KeepAsync(found, context.RequestAborted);
        ReturnAddress.Go(context, StatusCodes.Status303SeeOther, ReturnAddress.WithQuery(options.Issuer + Paths.Consent, ReturnAddress.Form(("authorization_id", kept.Id))));
    }

    private Task ShowAsync(HttpContext context, int status, string code, string? error)
    {
        string said = error is null ? "" : $"""<p class="error" role="alert" id="said">{PageWriter.Text(error)}</p>""";
        string described = error is null ? "" : """ aria-describedby="said" aria-invalid="true" """;
        string body = $"""
            <h1>Connect a device</h1><p>Type the code that your device shows. Go on only if you started this yourself.</p>{said}
            <form method="post" action="{PageWriter.Text(options.Issuer + Paths.Device)}">{PageWriter.Hidden("form", browsers.FormToken(context, About))}
            <label for="user_code">Code</label>
            <input id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="32" value="{PageWriter.Text(code.Length <= 32 ? code : "")}"{described}>
            <button type="submit">Continue</button></form>
            """;
        return pages.WriteAsync(context, status, "Connect a device", body);
    }
}
