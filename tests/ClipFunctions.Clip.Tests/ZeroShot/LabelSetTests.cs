using System.Text;
using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Clip.Tests.ZeroShot;

public class LabelSetTests
{
    [Fact]
    public void ASetSurvivesWritingAndReading()
    {
        LabelSet set = new("pets", ["dog", "crème brûlée"], ["a photo of a {}.", "{}"]);
        LabelSet read = LabelSet.Parse(set.ToJson());
        Assert.Equal(("pets", set.Id), (read.Name, read.Id));
        Assert.Equal(set.Labels, read.Labels);
        Assert.Equal(set.Templates, read.Templates);
        Assert.Equal("a photo of a crème brûlée.", read.Prompt(0, 1));
        Assert.Equal(set.ToJson(), read.ToJson());
    }

    [Fact]
    public void TheIdSeesEveryWordAndTheirOrderButNotTheName()
    {
        string id = new LabelSet("a", ["x", "y"], ["{}"]).Id;
        Assert.Equal(id, new LabelSet("b", ["x", "y"], ["{}"]).Id);
        string[] others =
        [
            new LabelSet("a", ["y", "x"], ["{}"]).Id,
            new LabelSet("a", ["x", "y", "z"], ["{}"]).Id,
            new LabelSet("a", ["xy"], ["{}"]).Id,
            new LabelSet("a", ["x", "y"], ["{}."]).Id,
            new LabelSet("a", ["x", "y"], ["{}", "{}"]).Id,
        ];
        Assert.DoesNotContain(id, others);
        Assert.Equal(others.Length, others.Distinct().Count());
    }

    [Fact]
    public void WithoutTemplatesTheUsualOneIsTaken()
        => Assert.Equal("a photo of a dog.", new LabelSet("a", ["dog"]).Prompt(0, 0));

    [Theory]
    [InlineData("""{"name":"a","templates":["{}"],"labels":[]}""", "expected 1 to 100000 labels, found 0")]
    [InlineData("""{"name":"a","templates":[],"labels":["x"]}""", "expected 1 to 1000 templates, found 0")]
    [InlineData("""{"name":"a","templates":["a photo"],"labels":["x"]}""", "template 0 ('a photo'): expected {} exactly once, found 0 times")]
    [InlineData("""{"name":"a","templates":["{}","{} and {}"],"labels":["x"]}""", "template 1 ('{} and {}'): expected {} exactly once, found 2 times")]
    [InlineData("""{"name":"a","templates":["{}"],"labels":["x"," "]}""", "label 1 is empty")]
    [InlineData("""{"name":"a","templates":["{}"],"labels":["x",null]}""", "label 1 is empty")]
    [InlineData("""{"name":"","templates":["{}"],"labels":["x"]}""", "expected a name")]
    [InlineData("""{"name":"a","labels":["x"]}""", "templates")]
    [InlineData("""{"name":"a","templates":["{}"],"labels":"x"}""", "labels")]
    [InlineData("null", "found null")]
    [InlineData("{", "labels.json")]
    public void WhatBreaksARuleIsNamed(string json, string message)
        => Assert.Contains(message, Assert.Throws<InvalidLabelSetException>(() => LabelSet.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void AMissingFileIsAnInvalidSet()
        => Assert.Throws<InvalidLabelSetException>(() => LabelSet.Load(Path.Combine(Path.GetTempPath(), "no-such-labels.json")));
}
