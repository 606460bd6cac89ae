using ClipFunctions.Pipeline.Uploads;
using CsCheck;

namespace ClipFunctions.Pipeline.Tests.Uploads;

public sealed class TagSlugTests
{
    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("Hot dog!", "hot-dog")]
    [InlineData("  crème brûlée ", "creme-brulee")]
    [InlineData("jack-o'-lantern", "jack-o-lantern")]
    [InlineData("a/b: c=d", "a-b-c-d")]
    [InlineData("猫", "label-7")]
    [InlineData("", "label-7")]
    public void TurnsLabelsIntoTagValues(string label, string slug) => Assert.Equal(slug, TagSlug.From(label, 7));

    [Fact]
    public void GivesOnlyWhatTagsAllowWhateverTheLabel() =>
        Gen.String.Sample(label =>
        {
            string slug = TagSlug.From(label, 3);
            Assert.InRange(slug.Length, 1, TagSlug.MaxLength);
            Assert.All(slug, c => Assert.True(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'));
        });
}
