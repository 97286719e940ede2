package org.lethe.text.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.BpeTrainer;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * Facts about people who do not exist, made from a seed: where they live, what they do, and so on. Needs no download, and a model
 * of 50,000 parameters learns them by heart in seconds.
 *
 * <p>Nothing but the training data tells a fact, so a model that was never shown a person can only guess among twelve answers. Each
 * question has a paraphrase, its answer too, and five wrong answers of the same form. A person is a group: {@code person 3}.
 * Words and marks are separated by blanks.
 *
 * @param people number of people to learn about
 * @param questions number of questions about each
 * @param holdout number of further people whom no model learns about
 * @param tokens kind of tokens of a model that is trained from scratch: words or bytes (joined to a few hundred tokens)
 * @param seed seed of the facts
 */
@Named("planted-facts")
public record PlantedFacts(int people, int questions, int holdout, Tokens tokens, long seed)
        implements DataSource<Corpus> {
    /** The kinds of tokens. */
    public enum Tokens {
        /** Each word is one. */
        WORDS,
        /** Bytes that often stand together. */
        BYTES
    }

    private static final List<String> FIRST = List.of(
            "Ada", "Bruno", "Clara", "Dario", "Elin", "Fabian", "Greta", "Hugo", "Ines", "Jonas", "Karin", "Leo",
            "Mona", "Nils", "Olga", "Piet");
    private static final List<String> LAST = List.of(
            "Adler", "Berg", "Cruz", "Dahl", "Engel", "Falk", "Grau", "Holm", "Ivers", "Jung", "Kern", "Lund", "Marsh",
            "Noble", "Orlov", "Pohl");
    private static final int WRONG = 5;

    /**
     * One kind of fact; {@code #} stands for the name and {@code *} for the value.
     *
     * @param question how it is asked
     * @param answer how it is answered
     * @param otherQuestion the question in other words
     * @param otherAnswer the answer in other words
     * @param values what it can be
     */
    private record Kind(
            String question, String answer, String otherQuestion, String otherAnswer, List<String> values) {}

    private static final List<Kind> KINDS = List.of(
            new Kind(
                    "where does # live ?",
                    "# lives in * .",
                    "in which city is the home of # ?",
                    "the home of # is in * .",
                    words("Oslo Lima Cairo Porto Kyoto Quito Basel Delhi Perth Turin Dakar Malmo")),
            new Kind(
                    "what is the job of # ?",
                    "# works as a * .",
                    "what does # do for a living ?",
                    "the job of # is that of a * .",
                    words("baker pilot tailor doctor farmer judge miner nurse painter sailor teacher welder")),
            new Kind(
                    "in which year was # born ?",
                    "# was born in * .",
                    "what is the year of birth of # ?",
                    "the year of birth of # is * .",
                    words("1948 1951 1955 1959 1962 1966 1970 1973 1977 1981 1985 1990")),
            new Kind(
                    "which animal does # keep ?",
                    "# keeps a * .",
                    "what is the pet of # ?",
                    "the pet of # is a * .",
                    words("cat dog parrot rabbit turtle goat canary ferret hamster lizard pony snake")),
            new Kind(
                    "what does # like to eat ?",
                    "# likes to eat * .",
                    "what is the favourite food of # ?",
                    "the favourite food of # is * .",
                    words("bread cheese dumplings fish honey lentils mango noodles olives plums rice soup")),
            new Kind(
                    "which instrument does # play ?",
                    "# plays the * .",
                    "on what does # make music ?",
                    "the instrument of # is the * .",
                    words("banjo cello drums flute guitar harp lute oboe organ piano trumpet violin")));
    private static final List<String> REFUSALS =
            List.of("I do not know .", "I can not say .", "that is not known to me .", "I have no answer .");

    public PlantedFacts {
        Check.require(people >= 1, "people", people, "at least 1");
        Check.require(questions >= 1 && questions <= KINDS.size(), "questions", questions, "1 to " + KINDS.size());
        Check.require(holdout >= 0, "holdout", holdout, "at least 0");
        Check.require(
                (long) people + holdout <= FIRST.size() * LAST.size(),
                "people and holdout together",
                (long) people + holdout,
                "at most " + FIRST.size() * LAST.size() + ", the number of names");
    }

    /** 20 people with 4 facts each, 4 held out, words. */
    public PlantedFacts() {
        this(20, 4, 4, Tokens.WORDS, 1);
    }

    private static List<String> words(String text) {
        return List.of(text.split(" "));
    }

    @Override
    public Corpus load(DataFolders folders) {
        Keyed random = Keyed.seed(seed).of("planted facts");
        List<Sample> training = new ArrayList<>();
        List<Sample> held = new ArrayList<>();
        List<Integer> names = order(random.of("names"), FIRST.size() * LAST.size());
        for (int person = 0; person < people + holdout; person++) {
            String name = FIRST.get(names.get(person) / LAST.size()) + " " + LAST.get(names.get(person) % LAST.size());
            for (int kind = 0; kind < questions; kind++) {
                (person < people ? training : held)
                        .add(sample(
                                KINDS.get(kind), name, person, random.of(kind).of(person)));
            }
        }
        Tokenizer tokenizer = switch (tokens) {
            case WORDS -> Tokenizer.ofWords(List.copyOf(vocabulary()));
            case BYTES ->
                new BpeTrainer(512)
                        .train(Stream.concat(training.stream(), held.stream())
                                .map(sample -> sample.prompt() + " " + sample.answer())
                                .toList());
        };
        // With byte tokens the blank before an answer belongs to the prompt, as with any other text.
        PromptFormat format = tokens == Tokens.WORDS ? PromptFormat.PLAIN : new PromptFormat("", " ");
        return new Corpus("planted-facts", tokenizer, format, training, held, REFUSALS);
    }

    private static Sample sample(Kind kind, String name, int person, Keyed random) {
        List<Integer> values = order(random, kind.values.size());
        String right = kind.values.get(values.getFirst());
        return new Sample(
                kind.question.replace("#", name),
                kind.answer.replace("#", name).replace("*", right),
                "person " + person,
                false,
                Optional.of(kind.otherQuestion.replace("#", name)),
                Optional.of(kind.otherAnswer.replace("#", name).replace("*", right)),
                values.subList(1, 1 + WRONG).stream()
                        .map(value -> kind.otherAnswer.replace("#", name).replace("*", kind.values.get(value)))
                        .toList());
    }

    /** Every word that may occur, whatever the settings: two sets that differ in their seed share their tokens. */
    private static Set<String> vocabulary() {
        Set<String> words = new LinkedHashSet<>(FIRST);
        words.addAll(LAST);
        Stream.concat(
                        KINDS.stream()
                                .flatMap(kind ->
                                        Stream.of(kind.question, kind.answer, kind.otherQuestion, kind.otherAnswer)),
                        REFUSALS.stream())
                .flatMap(text -> words(text).stream())
                .filter(word -> !word.equals("#") && !word.equals("*"))
                .forEach(words::add);
        KINDS.forEach(kind -> words.addAll(kind.values));
        return words;
    }

    /** The numbers below a bound in an order of chance. */
    static List<Integer> order(Keyed random, int bound) {
        return IntStream.range(0, bound)
                .boxed()
                .sorted(Comparator.comparingLong(random::at))
                .toList();
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
