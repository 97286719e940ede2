package org.lethe.text.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.text.Corpus;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.BpeTrainer;

/**
 * Nine plays of Shakespeare as plain text (the set {@code tinyshakespeare} of char-rnn; public domain). As with MUSE (Shi et al.
 * 2024), it asks whether a model still continues a passage that it should have forgotten.
 *
 * <p>Each play is cut into regions of equal length, and each region into samples; both end with a line. A region is a group:
 * {@code coriolanus 1} is the first of that play. Some regions are held out, evenly spread among the others, so that they are of
 * the same kind.
 *
 * @param regions number of regions to learn from, from the beginning; fewer where there are no more
 * @param holdout number of regions among them that no model learns from
 * @param region characters of a region
 * @param chunk characters of a sample
 * @param vocabulary number of tokens of a model that is trained from scratch
 */
@Named("shakespeare")
public record Shakespeare(int regions, int holdout, int region, int chunk, int vocabulary)
        implements DataSource<Corpus> {
    /**
     * A play.
     *
     * @param name of it
     * @param start first words
     */
    private record Play(String name, String start) {}

    /** In the order of the file. */
    private static final List<Play> PLAYS = List.of(
            new Play("coriolanus", "First Citizen:\nBefore we proceed any further"),
            new Play("richard-iii", "GLOUCESTER:\nNow is the winter of our discontent"),
            new Play("richard-ii", "KING RICHARD II:\nOld John of Gaunt, time-honour'd"),
            new Play("romeo-and-juliet", "SAMPSON:\nGregory, o' my word"),
            new Play("henry-vi-3", "WARWICK:\nI wonder how the king escaped"),
            new Play("winters-tale", "ARCHIDAMUS:\nIf you shall chance, Camillo"),
            new Play("measure-for-measure", "DUKE VINCENTIO:\nEscalus."),
            new Play("taming-of-the-shrew", "SLY:\nI'll pheeze you, in faith."),
            new Play("tempest", "Master:\nBoatswain!"));

    private static final String REMEDY = "`lethe data fetch shakespeare` gets it";

    public Shakespeare {
        Check.require(regions >= 1, "regions", regions, "at least 1");
        Check.require(holdout >= 0 && holdout <= regions, "holdout", holdout, "0 to regions, which are " + regions);
        Check.require(region >= 100, "region", region, "at least 100 characters");
        Check.require(chunk >= 20 && chunk <= region, "chunk", chunk, "20 to region, which is " + region);
        BpeTrainer.check(vocabulary);
    }

    /** Ten regions of 20,000 characters, two held out, samples of 250 characters, 1,024 tokens. */
    public Shakespeare() {
        this(10, 2, 20_000, 250, 1024);
    }

    @Override
    public Corpus load(DataFolders folders) {
        Path file = file(folders);
        String text = String.join("\n", JsonRows.lines(file)) + "\n";
        List<Sample> training = new ArrayList<>();
        List<Sample> held = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> passages = new ArrayList<>();
        cut(file, text, names, passages);
        int all = Math.min(passages.size(), regions + holdout);
        for (int i = 0; i < all; i++) {
            // the region after each (all / holdout)-th part, in whole numbers
            boolean out = (long) (i + 1) * holdout / all > (long) i * holdout / all;
            for (String sample : parts(passages.get(i), chunk)) {
                (out ? held : training).add(new Sample("", sample, names.get(i)));
            }
        }
        return new Corpus(
                "shakespeare",
                new BpeTrainer(vocabulary).train(passages.subList(0, all)),
                PromptFormat.PLAIN,
                training,
                held,
                List.of());
    }

    private void cut(Path file, String text, List<String> names, List<String> passages) {
        int[] begins = new int[PLAYS.size() + 1];
        for (int i = 0; i < PLAYS.size(); i++) {
            Play play = PLAYS.get(i);
            begins[i] = text.indexOf(play.start);
            if (i == 0 ? begins[i] != 0 : begins[i] <= begins[i - 1]) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ": expected the play " + play.name + " with its first words \""
                                + play.start.replace('\n', ' ') + "\", found none after the play before");
            }
        }
        begins[PLAYS.size()] = text.length();
        for (int i = 0; i < PLAYS.size(); i++) {
            List<String> parts = parts(text.substring(begins[i], begins[i + 1]), region);
            for (int part = 0; part < parts.size(); part++) {
                names.add(PLAYS.get(i).name + " " + (part + 1));
                passages.add(parts.get(part));
            }
        }
    }

    /** Parts of about equal length that end with a line and together are the text. */
    static List<String> parts(String text, int length) {
        int count = Math.max(1, text.length() / length);
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= count; i++) {
            int goal = (int) ((long) text.length() * i / count);
            int line = i == count ? text.length() : text.lastIndexOf('\n', goal - 1) + 1;
            if (line > from) { // a line may be longer than a part
                parts.add(text.substring(from, line));
                from = line;
            }
        }
        return parts;
    }

    private static Path file(DataFolders folders) {
        return folders.find(
                        "llm/char-corpora/tinyshakespeare.txt",
                        "char-corpora/tinyshakespeare.txt",
                        "tinyshakespeare.txt",
                        "input.txt")
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        "data shakespeare is in none of the folders " + folders.folders()
                                + " (looked for llm/char-corpora/tinyshakespeare.txt, tinyshakespeare.txt and"
                                + " input.txt); "
                                + REMEDY));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of(file(folders));
    }

    @Override
    public Optional<Fetch> publisher() {
        return Optional.of(new Fetch(
                URI.create("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"),
                Optional.of("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"),
                "public domain"));
    }
}
