using System.Globalization;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Whole numbers in queries.</summary>
internal static class RequestNumbers
{
    /// <summary>A number of a query.</summary>
    /// <exception cref="RequestProblemException">It is none, or out of its range.</exception>
    public static int Read(HttpRequest request, string name, int absent, int least, int most)
    {
        if (request.Query[name] is not [{ Length: > 0 } text])
        {
            return absent;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw RequestProblemException.BadRequest(
                "InvalidField",
                "A field cannot be used",
                string.Create(CultureInfo.InvariantCulture, $"{name} is '{(text.Length <= 32 ? text : text[..32])}'; expected {least} to {most}."));
    }
}
