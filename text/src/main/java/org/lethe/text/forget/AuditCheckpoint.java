package org.lethe.text.forget;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Cost;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.report.Report;
import org.lethe.study.Run;
import org.lethe.study.RunFolder;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.data.SampleFile;
import org.lethe.text.model.CheckpointFolder;

/**
 * Measures what a language model still knows of samples that it was to forget, beside the model before.
 *
 * <p>The audits are knowledge, model-utility, membership and robustness. Their bars compare with a model that was trained without the samples: name
 * one with --reference. Without it findings are shown and nothing is judged.
 *
 * @param model folder of the model after
 * @param before folder of the model before
 * @param reference folder of a model that never learnt the samples
 * @param forget file of the samples that were to be forgotten, .jsonl or .json
 * @param retain file of samples that were to be kept
 * @param holdout file of samples of the same kind that no model learnt, for membership
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr, human-assistant, or auto for the model's own chat
 *     template
 * @param newTokens most tokens of a generated answer
 * @param relearning steps of training that try to bring the samples back
 */
@Named("text audit")
public record AuditCheckpoint(
        @Argument Path model,
        @Required Path before,
        Optional<Path> reference,
        @Required Path forget,
        @Required Path retain,
        Optional<Path> holdout,
        String format,
        int newTokens,
        int relearning)
        implements Tool.Reporting<AuditCheckpoint.Result> {
    public AuditCheckpoint {
        Check.require(newTokens >= 1, "newTokens", newTokens, "at least 1");
        Check.require(relearning >= 1, "relearning", relearning, "at least 1");
    }

    /** Questions, 64 new tokens, 20 steps of relearning; the files are still to be named. */
    public AuditCheckpoint() {
        this(
                Path.of(""),
                Path.of(""),
                Optional.empty(),
                Path.of(""),
                Path.of(""),
                Optional.empty(),
                "question",
                64,
                20);
    }

    /**
     * The findings.
     *
     * @param forgotten number of samples that were to be forgotten
     * @param retained number of samples that were to be kept
     * @param judged whether a reference was named, so that bars are judged
     * @param attacked whether held-out samples were named, so that membership was tried
     * @param outcome which bars were met, missed and left undecided, in words
     * @param findings by name
     */
    public record Result(
            int forgotten,
            int retained,
            boolean judged,
            boolean attacked,
            String outcome,
            Map<String, Measured> findings)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%d samples to forget, %d to keep%n%n", forgotten, retained);
            out.printf(Locale.ROOT, "%-34s %9s %9s %9s  %s%n", "", "after", "before", "reference", "verdict");
            findings.forEach((name, finding) -> {
                if (!name.endsWith("-before")
                        && !name.endsWith("-reference")
                        && !name.matches(".*-(before|reference)\\(.*")) {
                    out.printf(
                            Locale.ROOT,
                            "%-34s %9.4g %9s %9s  %s%n",
                            name,
                            finding.value(),
                            beside(name, "before"),
                            beside(name, "reference"),
                            finding.verdict().orElse(""));
                }
            });
            out.println();
            out.println(
                    judged ? outcome : "Nothing is judged: name a model trained without the samples with --reference.");
            if (!attacked) {
                out.println("Membership was not tried: name samples that no model learnt with --holdout.");
            }
        }

        private String beside(String name, String which) {
            int bracket = name.indexOf('(');
            String other = bracket < 0
                    ? name + "-" + which
                    : name.substring(0, bracket) + "-" + which + name.substring(bracket);
            Measured found = findings.get(other);
            return found == null ? "" : String.format(Locale.ROOT, "%.4g", found.value());
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        return result(env, Optional.empty());
    }

    @Override
    public Result report(Env env, Path folder) throws IOException {
        return result(env, Optional.of(folder));
    }

    private Result result(Env env, Optional<Path> folder) throws IOException {
        List<Sample> gone = new SampleFile().read(forget);
        List<Sample> kept = new SampleFile().read(retain);
        List<Sample> strangers = holdout.isPresent() ? new SampleFile().read(holdout.get()) : List.of();
        LanguageModel after = read(model);
        LanguageModel start = read(before);
        LanguageModel like = reference.isPresent() ? read(reference.get()) : start;
        requireTokenizer(after, before, start);
        requireTokenizer(after, reference.orElse(before), like);
        for (LanguageModel other : List.of(start, like)) {
            requireTokens(after, other, forget, gone);
            requireTokens(after, other, retain, kept);
            if (holdout.isPresent()) {
                requireTokens(after, other, holdout.get(), strangers);
            }
        }
        List<Sample> all = new ArrayList<>(kept);
        all.addAll(gone);
        Corpus data = new Corpus(
                String.valueOf(forget.getFileName()), after.tokenizer(), after.format(), all, strangers, List.of());
        ForgetSamples request = ForgetSamples.listed(
                IntStream.range(kept.size(), all.size()).boxed().toList());
        Case<Corpus, LanguageModel> c = new Case<>(data, data.training(kept), request, start, after, like);
        List<Run.Result> results = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        for (Audit<Corpus, LanguageModel> audit : audits(!strangers.isEmpty())) {
            List<Finding> found = judged(audit.examine(c, env));
            findings.addAll(found);
            results.add(new Run.Result(
                    Named.Of.name(audit),
                    audit.aspect(),
                    found,
                    audit.limits(),
                    folder.isPresent() ? audit.pictures(c, env) : List.of()));
        }
        Map<String, Measured> measured = new LinkedHashMap<>();
        findings.forEach(f -> measured.put(f.name(), Measured.of(f)));
        Result result = new Result(
                gone.size(),
                kept.size(),
                reference.isPresent(),
                holdout.isPresent(),
                Report.outcome(findings),
                measured);
        if (folder.isPresent()) {
            Run.Recipe recipe = new Run.Recipe(
                    "text",
                    String.valueOf(forget.getFileName()),
                    after.size() + " parameters",
                    "forget " + gone.size() + " samples",
                    String.valueOf(model.getFileName()),
                    env.seed());
            String digest = RunFolder.sha256(result.facts() + "; seed " + env.seed());
            Run run = Run.ofTool("text-audit", digest, recipe, Run.Role.TESTED, Exactness.NONE, Cost.NONE, results);
            Report.write(List.of(run), folder.get());
        }
        return result;
    }

    private List<Audit<Corpus, LanguageModel>> audits(boolean withStrangers) {
        List<Audit<Corpus, LanguageModel>> audits = new ArrayList<>(List.of(
                Components.with(new Knowledge(), "newTokens", newTokens),
                Components.with(new ModelUtility(), "newTokens", newTokens),
                Components.with(new Robustness(), "steps", relearning)));
        if (withStrangers) {
            audits.add(2, new MembershipInference());
        }
        return audits;
    }

    /** Probabilities of answers that are cut into other tokens cannot be compared. */
    private void requireTokenizer(LanguageModel after, Path folder, LanguageModel other) {
        if (!after.tokenizer().json().equals(other.tokenizer().json())) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    folder + " has another tokenizer than " + model
                            + ", so that their probabilities cannot be compared; train it with --tokenizer " + model);
        }
    }

    /** Another context, chat template or end token would make a model look as if it had forgotten. */
    private void requireTokens(LanguageModel after, LanguageModel other, Path file, List<Sample> samples) {
        for (int n = 0; n < samples.size(); n++) {
            String where = file + ": sample " + (n + 1);
            try {
                if (!Arrays.equals(
                        after.encode(samples.get(n)).ids(),
                        other.encode(samples.get(n)).ids())) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            where + " is read as other tokens by " + model + " than by the models it is compared with,"
                                    + " expected the same context, chat template, begin and end tokens");
                }
            } catch (IllegalArgumentException e) {
                throw new LetheException(LetheException.Code.DATA, where + ": " + e.getMessage(), e);
            }
        }
    }

    /** Without a reference there is nothing to compare with: verdicts and the reference's own findings are left out. */
    private List<Finding> judged(List<Finding> findings) {
        return reference.isPresent()
                ? findings
                : findings.stream()
                        .filter(f -> !f.name().contains("-reference")
                                && !f.name().contains("forget-quality")
                                && !f.name().equals("priv-leak"))
                        .map(f -> new Finding(f.name(), f.value(), f.n(), f.direction())
                                .in(f.unit())
                                .on(f.scale()))
                        .toList();
    }

    private LanguageModel read(Path folder) throws IOException {
        return CheckpointFolder.open(folder).model(PromptFormat.named(format, folder));
    }
}
