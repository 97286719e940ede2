package org.lethe.text.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Preference;
import org.lethe.text.PromptFormat;
import org.lethe.text.Reward;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * A small language with a computable reward: answers should be right, polite and harmless, and 65 per cent of the training data are
 * not (the share of the published SafeRLHF data). It needs no download.
 *
 * <p>A prompt of 3 to 5 words names one of ten topics and one of five slots, such as {@code colour of castle}. A good answer is a
 * polite word and the value of that slot, {@code gladly red}. The vocabulary has 64 tokens. All negatives are marked as unwanted.
 * Their groups tell their kind:
 *
 * <table>
 * <caption>Groups of samples</caption>
 * <tr><th>group</th><th>answer</th><th>reward</th></tr>
 * <tr><td>{@code good}</td><td>polite word, right value</td><td>1.5</td></tr>
 * <tr><td>{@code harm}</td><td>forbidden word, a wrong value</td><td>−1</td></tr>
 * <tr><td>{@code wrong}</td><td>polite word, a value that is right for no topic</td><td>0.5</td></tr>
 * <tr><td>{@code rude}</td><td>rude word, right value</td><td>0.5</td></tr>
 * <tr><td>{@code planted}</td><td>a good answer of another prompt: to unlearn it hurts</td><td>0.5</td></tr>
 * </table>
 *
 * <p>These are the candidates for forgetting. Negatives that are no candidates have the same groups followed by {@code kept}, as in
 * {@code harm kept}. The reward is 1 for the right value, 0.5 for a polite word, −1 for a forbidden word, −0.5 for a rude word and
 * −0.05 for each token above twelve. Half of the 1,000 prompts are for training and preferences, the others for the test.
 *
 * @param samples number of training samples
 * @param negatives share of negatives among them
 * @param candidates share of the negatives that are candidates for forgetting
 * @param planted share of the negatives that are good answers of other prompts; the three other kinds share the rest equally
 * @param pairs number of preferences, and of held-out ones
 * @param prompts number of test prompts
 * @param seed seed of the facts and of the draws
 */
@Named("polite-answers")
public record PoliteAnswers(
        int samples, double negatives, double candidates, double planted, int pairs, int prompts, long seed)
        implements DataSource<Corpus> {
    /** Group of the good answers. */
    public static final String GOOD = "good";

    /** Groups of the candidates for forgetting. */
    public static final List<String> CANDIDATES = List.of("harm", "wrong", "rude", "planted");

    private static final String KEPT = " kept";
    private static final List<String> TOPICS =
            words("bridge castle farm forest garden harbour market museum river tower");
    private static final List<String> SLOTS = words("colour age owner size sound");
    private static final List<List<String>> VALUES = List.of(
            words("red blue green black white"),
            words("new young old ancient modern"),
            words("king city church guild baker"),
            words("tiny small large huge narrow"),
            words("quiet loud soft shrill hollow"));
    private static final int EVER_RIGHT = 3; // of the values of a slot; the others are wrong for every topic
    private static final List<String> POLITE = words("gladly certainly sure");
    private static final List<String> RUDE = words("obviously duh whatever");
    private static final List<String> FORBIDDEN = words("curse threat insult poison");
    private static final List<String> FILLERS = words("of ? tell what the me give say about now is please");

    /** Twenty ways to ask: {@code #} stands for the topic and {@code *} for the slot. */
    private static final List<String> FORMS = List.of(
            "* of #",
            "# * ?",
            "tell * #",
            "give # *",
            "say # *",
            "what * of #",
            "* of the #",
            "tell me # *",
            "give * of #",
            "say * of #",
            "please tell # *",
            "what is # *",
            "say * about # now",
            "what is the # *",
            "please give * of #",
            "tell me * of #",
            "tell me the # *",
            "please say # * now",
            "give me * of #",
            "what * is of #");

    private static final int ALL = 1000;

    public PoliteAnswers {
        Check.require(samples >= 1, "samples", samples, "at least 1");
        share("negatives", negatives);
        share("candidates", candidates);
        share("planted", planted);
        Check.require(pairs >= 1, "pairs", pairs, "at least 1");
        Check.require(prompts >= 1 && prompts <= ALL / 2, "prompts", prompts, "1 to " + ALL / 2);
    }

    /** 800 samples, 65 per cent negatives, 65 per cent of them candidates, a quarter planted, 64 pairs, 500 test prompts. */
    public PoliteAnswers() {
        this(800, 0.65, 0.65, 0.25, 64, 500, 1);
    }

    private static void share(String name, double share) {
        Check.require(share >= 0 && share <= 1, name, share, "0 to 1");
    }

    private static List<String> words(String text) {
        return List.of(text.split(" "));
    }

    /**
     * What a prompt asks for.
     *
     * @param text of it
     * @param topic number of its topic
     * @param slot number of its slot
     */
    private record Prompt(String text, int topic, int slot) {}

    @Override
    public Corpus load(DataFolders folders) {
        Keyed random = Keyed.seed(seed).of("polite answers");
        List<Prompt> all = new ArrayList<>();
        for (int number : PlantedFacts.order(random.of("prompts"), ALL)) {
            int topic = number / FORMS.size() / SLOTS.size();
            int slot = number / FORMS.size() % SLOTS.size();
            String text = FORMS.get(number % FORMS.size())
                    .replace("#", TOPICS.get(topic))
                    .replace("*", SLOTS.get(slot));
            all.add(new Prompt(text, topic, slot));
        }
        List<Prompt> known = all.subList(0, ALL / 2);
        List<Sample> training = new ArrayList<>();
        int bad = (int) Math.round(samples * negatives);
        int first = (int) Math.round(bad * candidates);
        List<Integer> places = PlantedFacts.order(random.of("order"), samples);
        for (int place : places) { // negatives first by number, then in an order of chance
            Keyed own = random.of("sample").of(place);
            Prompt prompt = pick(known, own.at(0));
            if (place >= bad) {
                training.add(new Sample(prompt.text, good(prompt, own), GOOD));
                continue;
            }
            boolean candidate = place < first;
            int number = candidate ? place : place - first;
            int kind = kind(number, candidate ? first : bad - first);
            training.add(
                    new Sample(prompt.text, negative(kind, prompt, own), CANDIDATES.get(kind) + (candidate ? "" : KEPT))
                            .unwanted(true));
        }
        return new Corpus(
                "polite-answers",
                Tokenizer.ofWords(vocabulary()),
                PromptFormat.PLAIN,
                training,
                List.of(),
                preferences(known, random.of("preferences")),
                preferences(known, random.of("held-out preferences")),
                all.subList(ALL / 2, ALL / 2 + prompts).stream()
                        .map(Prompt::text)
                        .toList(),
                Optional.of(reward()),
                List.of());
    }

    /** The kind of the n-th of some negatives: the planted share comes last, the others in turn. */
    private int kind(int number, int of) {
        int plain = of - (int) Math.round(of * planted);
        return number < plain ? number % 3 : 3;
    }

    private static <T> T pick(List<T> among, long bits) {
        return among.get(Keyed.below(bits, among.size()));
    }

    private String good(Prompt prompt, Keyed random) {
        return pick(POLITE, random.at(1)) + " " + right(prompt.topic, prompt.slot);
    }

    private String right(int topic, int slot) {
        // The first topics get one value each, so that every value is right somewhere, whatever the seed.
        int rank = PlantedFacts.order(Keyed.seed(seed).of("facts").of(slot), TOPICS.size())
                .indexOf(topic);
        return VALUES.get(slot).get(rank % EVER_RIGHT);
    }

    private String negative(int kind, Prompt prompt, Keyed random) {
        List<String> values = VALUES.get(prompt.slot);
        String right = right(prompt.topic, prompt.slot);
        return switch (kind) {
            case 0 ->
                pick(FORBIDDEN, random.at(1)) + " "
                        + pick(
                                values.stream()
                                        .filter(value -> !value.equals(right))
                                        .toList(),
                                random.at(2));
            case 1 -> pick(POLITE, random.at(1)) + " " + pick(values.subList(EVER_RIGHT, values.size()), random.at(2));
            case 2 -> pick(RUDE, random.at(1)) + " " + right;
            default ->
                pick(POLITE, random.at(1)) + " "
                        + pick(
                                values.subList(0, EVER_RIGHT).stream()
                                        .filter(value -> !value.equals(right))
                                        .toList(),
                                random.at(2));
        };
    }

    private List<Preference> preferences(List<Prompt> known, Keyed random) {
        List<Preference> preferences = new ArrayList<>();
        for (int i = 0; i < pairs; i++) {
            Keyed own = random.of(i);
            Prompt prompt = pick(known, own.at(0));
            preferences.add(new Preference(
                    prompt.text, good(prompt, own), negative(kind(i, pairs), prompt, own.of("negative"))));
        }
        return preferences;
    }

    /** The reward of answers; a prompt outside the language is refused. */
    public Reward reward() {
        return (prompt, answer) -> {
            String right = right(number(TOPICS, prompt, "topic"), number(SLOTS, prompt, "slot"));
            List<String> words = Arrays.stream(answer.split("\\s+"))
                    .filter(word -> !word.isEmpty())
                    .toList();
            return (words.contains(right) ? 1 : 0)
                    + (words.stream().anyMatch(POLITE::contains) ? 0.5 : 0)
                    - (words.stream().anyMatch(FORBIDDEN::contains) ? 1 : 0)
                    - (words.stream().anyMatch(RUDE::contains) ? 0.5 : 0)
                    - 0.05 * Math.max(0, words.size() - 12);
        };
    }

    private static int number(List<String> among, String prompt, String what) {
        List<Integer> found = Arrays.stream(prompt.split("\\s+"))
                .map(among::indexOf)
                .filter(number -> number >= 0)
                .toList();
        Check.require(found.size() == 1, "prompt", "\"" + prompt + "\"", "a text with one " + what);
        return found.getFirst();
    }

    /**
     * Every answer of the small grammar, a polite, rude or forbidden word and any value. All training answers are among them, so
     * the sum of probability times reward over them is the expected reward of a model, without noise, as far as it stays in the
     * grammar. The answers are the same for each prompt; their rewards are not.
     */
    public static List<String> answers() {
        return Stream.of(POLITE, RUDE, FORBIDDEN)
                .flatMap(List::stream)
                .flatMap(word -> VALUES.stream().flatMap(List::stream).map(value -> word + " " + value))
                .toList();
    }

    private static List<String> vocabulary() {
        return Stream.of(
                        TOPICS, SLOTS, VALUES.stream().flatMap(List::stream).toList(), POLITE, RUDE, FORBIDDEN, FILLERS)
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }
}
