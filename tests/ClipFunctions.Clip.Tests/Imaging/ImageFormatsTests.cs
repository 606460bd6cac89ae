using System.Text;
using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class ImageFormatsTests
{
    [Fact]
    public void TellsTheMediaTypeByTheContent()
    {
        Assert.Equal("image/jpeg", ImageFormats.MediaType(TestPictures.Encode(SKEncodedImageFormat.Jpeg, 8, 8)));
        Assert.Equal("image/png", ImageFormats.MediaType(TestPictures.Encode(SKEncodedImageFormat.Png, 8, 8).AsSpan(0, ImageFormats.SignatureLength)));
        Assert.Equal("image/webp", ImageFormats.MediaType(TestPictures.Encode(SKEncodedImageFormat.Webp, 8, 8).AsSpan(0, ImageFormats.SignatureLength)));
        Assert.Equal("image/gif", ImageFormats.MediaType(TestPictures.Gif()));
        Assert.Equal("image/bmp", ImageFormats.MediaType("BM......"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("B")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<!doctype html><script>")]
    [InlineData("GIF88a")]
    [InlineData("RIFF....WAVE")]
    [InlineData("RIFF....WEB")]
    [InlineData("%PDF-1.7")]
    public void NamesNoOtherType(string content) => Assert.Null(ImageFormats.MediaType(Encoding.ASCII.GetBytes(content)));

    [Fact]
    public void EveryFormatHasAMediaType() =>
        Assert.All(Enum.GetValues<ImageFormat>(), format => Assert.StartsWith("image/", ImageFormats.MediaType(format), StringComparison.Ordinal));
}
