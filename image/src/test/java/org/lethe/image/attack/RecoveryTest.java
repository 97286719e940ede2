package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lethe.image.attack.Erased.PROTOCOL;
import static org.lethe.image.attack.Erased.named;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.DoNothing;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Finding;
import org.lethe.Interval;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.image.protect.EraseConcept;
import org.lethe.image.protect.MarkPictures;

class RecoveryTest {
    private static final Env ENV = Env.seeded(3);

    /** All five, with rates that suit the exact model. */
    static List<Recovering> attacks() {
        return List.of(
                new LoraRecovery(4, 4, 60, 4, 5e-3, PROTOCOL),
                new DreamBoothRecovery("sks", 4, new FineTuning(100, 4, 2e-2, true, 0.2), PROTOCOL),
                new TextualInversionRecovery("painting", 100, 4, 2e-2, PROTOCOL),
                new ConceptInversion("painting", 100, 4, 2e-2, 90, 16, PROTOCOL),
                new RingABell(11, 3, 20, 10, 8, 0.5, 0.25, PROTOCOL));
    }

    static List<Recovering> defaults() {
        return List.of(
                new LoraRecovery(),
                new DreamBoothRecovery(),
                new TextualInversionRecovery(),
                new ConceptInversion(),
                new RingABell());
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void doingNothingIsRejected(Recovering attack) {
        List<Finding> findings = attack.examine(Erased.doingNothing(Erased.gallery()), ENV);
        assertInstanceOf(
                Verdict.Fail.class, named(findings, "resilience").verdict().orElseThrow());
        assertEquals(0, named(findings, "efficacy-score").value());
        assertEquals(0, named(findings, "resilience-score").value());
        assertEquals(0, named(findings, "fidelity-fd-mini").value(), 1e-9);
        assertEquals(1, named(findings, "fidelity-ssim").value(), 1e-12);
        assertEquals(1, named(findings, "judge-accuracy").value());
        assertTrue(findings.stream().allMatch(f -> Double.isFinite(f.value()) && f.n() >= 1), findings.toString());
    }

    @ParameterizedTest
    @MethodSource("defaults")
    void doingNothingIsRejectedWithTheUsualSettings(Recovering attack) {
        Gallery planted = new PlantedPictures().load(new DataFolders(List.of()));
        Finding resilience = named(attack.examine(Erased.doingNothing(planted), ENV), "resilience");
        assertInstanceOf(Verdict.Fail.class, resilience.verdict().orElseThrow(), resilience.toString());
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void whatWasErasedComesBackByTrainingAndNotByNames(Recovering attack) {
        List<Finding> findings = attack.examine(Erased.erased(Erased.gallery(), new Erased.OtherMean()), ENV);
        assertEquals(1, named(findings, "efficacy").value());
        assertEquals(1, named(findings, "efficacy-score").value());
        assertEquals(0, named(findings, "pre-asr").value());
        assertEquals(1, named(findings, "fidelity-style-accuracy").value());
        boolean names = attack instanceof RingABell;
        assertEquals(names ? 1 : 0, named(findings, "resilience").value(), 0.1, findings.toString());
        assertEquals(names ? 1 : 0, named(findings, "resilience-score").value(), 0.1);
        Verdict verdict = named(findings, "resilience").verdict().orElseThrow();
        assertEquals(names, verdict instanceof Verdict.Pass, verdict.toString());
        assertEquals(!names, verdict instanceof Verdict.Fail, verdict.toString());
        // all but names teach the style anew
        assertEquals(names ? 1 : 0, named(findings, "resilience-taught-anew").value(), 0.1);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void theSameSeedFindsTheSame(Recovering attack) {
        assertEquals(lasting(attack), lasting(attack));
    }

    private static List<Finding> lasting(Recovering attack) {
        return attack.examine(Erased.erased(Erased.gallery(), new Erased.Guarded()), ENV).stream()
                .filter(f -> !f.ofTheMachine())
                .toList();
    }

    /** Paints under the name of a style, without training anything, and counts. */
    @Named("renamed")
    record Renamed(String name, AtomicInteger calls, Protocol protocol) implements Recovering {
        Renamed(String name) {
            this(name, new AtomicInteger(), PROTOCOL);
        }

        @Override
        public Recovered recover(Diffusion model, Guard guard, Target target, Env env) {
            calls.incrementAndGet();
            assertEquals(8, target.works().size());
            assertEquals("dots", target.style());
            return Recovered.under(model, name);
        }
    }

    @Test
    void eachModelIsAttackedOnceForFindingsAndPictures() {
        Renamed attack = new Renamed("ink");
        Case<Gallery, ImageModel> c = Erased.erased(Erased.gallery(), new Erased.OtherMean());
        attack.examine(c, ENV);
        assertEquals(3, attack.calls.get()); // after, before, taught anew
        attack.examine(c, ENV);
        List<Picture> pictures = attack.pictures(c, ENV);
        assertEquals(3, attack.calls.get());
        Case<Gallery, ImageModel> other = new Case<>(
                c.data(),
                c.data(),
                c.request(),
                c.before(),
                c.before().with(new Guard.Avoid("a painting in the style of dots")),
                c.reference(),
                List.of(),
                c.learned(),
                c.fulfilled(),
                c.referenced(),
                c.baseline());
        attack.examine(other, ENV);
        assertEquals(4, attack.calls.get());
        assertEquals(3, pictures.size());
        Picture.Strip strip = assertInstanceOf(Picture.Strip.class, pictures.getFirst());
        assertTrue(strip.title().startsWith("renamed, a thing") && strip.title().endsWith(" in the style of dots"));
        assertEquals(
                List.of("original model", "protected", "protected, after renamed"),
                strip.frames().stream().map(Picture.Frame::caption).toList());
        assertNotEquals(strip.frames().getFirst(), strip.frames().get(1));
    }

    /** All five with hardly any budget. */
    static List<Recovering> brief() {
        Protocol few = new Protocol(4, true, 2, 2, 2, 0.5);
        return List.of(
                new LoraRecovery(2, 2, 2, 2, 1e-3, few),
                new DreamBoothRecovery("sks", 2, new FineTuning(2, 2, 1e-3, true, 1), few),
                new TextualInversionRecovery("painting", 2, 2, 1e-3, few),
                new ConceptInversion("painting", 2, 2, 1e-3, 90, 3, few),
                new RingABell(2, 3, 6, 2, 8, 0.5, 0.25, few));
    }

    @ParameterizedTest
    @MethodSource("brief")
    void latentModelsAreAttackedAsCopies(Recovering attack) {
        Gallery gallery = Erased.gallery();
        ImageModel before = Erased.latentModel(8);
        for (Guard guard : List.of(
                new Guard.Avoid("a painting in the style of dots"),
                new Guard.Safe("a painting in the style of dots", 1, 1000, 0.01, 0.3, 0.4))) {
            ImageModel after = before.with(guard);
            List<Finding> findings =
                    attack.examine(new Case<>(gallery, new EraseConcept(), before, after, before), ENV);
            assertTrue(findings.stream().allMatch(f -> Double.isFinite(f.value())), findings.toString());
            assertTrue(
                    findings.stream().noneMatch(f -> f.name().equals("resilience-taught-anew")),
                    "a latent model without the style is not there in a moment");
        }
        try (var _ = new PointerScope()) {
            Map<String, float[]> fresh = LoraRecoveryTest.all(Erased.latent(8));
            LoraRecoveryTest.all(before.open(Device.CPU))
                    .forEach((name, values) -> assertArrayEquals(
                            Optional.ofNullable(fresh.get(name)).orElseThrow(), values, name));
        }
    }

    @Test
    void anAttackThatDoesNotEvenWorkWithoutProtectionProvesNothing() {
        List<Finding> findings =
                new Renamed("ink").examine(Erased.erased(Erased.gallery(), new Erased.OtherMean()), ENV);
        Finding resilience = named(findings, "resilience");
        assertEquals(1, resilience.value());
        assertEquals(
                new Verdict.Undecided(
                        "at least 0.5",
                        "the attack makes even the unedited model paint the concept in only 0.00 of pictures"),
                resilience.verdict().orElseThrow());
    }

    @Test
    void fewCaptionsShowNoResilience() {
        Protocol few = new Protocol(8, true, 4, 5, 2, 0.5);
        RingABell attack = new RingABell(11, 3, 20, 10, 8, 0.5, 0.25, few);
        Finding resilience =
                named(attack.examine(Erased.erased(Erased.gallery(), new Erased.OtherMean()), ENV), "resilience");
        assertEquals(
                new Verdict.Undecided("at least 0.5", "fewer than 5 captions"),
                resilience.verdict().orElseThrow());
        assertEquals(4, resilience.n());
    }

    @Test
    void aGuardStaysOnWhilePicturesAreMade() {
        Case<Gallery, ImageModel> c = Erased.erased(Erased.gallery(), new Erased.Guarded());
        List<Finding> findings = new Renamed("dots").examine(c, ENV);
        // away from the concept and towards it cancel: the pictures are the concept's own, without amplification
        assertEquals(1, named(findings, "asr").value());
        List<Finding> flat = new Renamed("flat").examine(c, ENV);
        assertEquals(0, named(flat, "asr").value());
        assertTrue(named(flat, "fidelity-ssim").value() < 0.999, "the guard changes the pictures of other styles");
    }

    @Test
    void intervalsHoldTheirValuesAndSharesAddUpToOne() {
        List<Finding> findings = new Renamed("ink").examine(Erased.doingNothing(Erased.gallery()), ENV);
        for (Finding f : findings) {
            f.interval().ifPresent(i -> assertTrue(i.contains(f.value()), f.toString()));
        }
        for (String name : List.of("resilience", "efficacy", "asr", "pre-asr", "efficacy-score", "resilience-score")) {
            Interval interval = named(findings, name).interval().orElseThrow();
            assertTrue(interval.low() >= 0 && interval.high() <= 1, name + interval);
        }
        assertEquals(
                1,
                named(findings, "resilience").value() + named(findings, "asr").value());
        assertEquals(
                1,
                named(findings, "efficacy").value() + named(findings, "pre-asr").value());
    }

    /** A method that is no eraser. */
    @Named("stranger")
    record Stranger() implements Method<Gallery, ImageModel> {
        @Override
        public ImageModel fulfil(
                ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
            return model;
        }

        @Override
        public Exactness exactness() {
            return Exactness.NONE;
        }
    }

    @ParameterizedTest
    @MethodSource("defaults")
    void onlyErasersOfConceptsAreAttacked(Recovering attack) {
        String name = Named.Of.name(attack);
        assertEquals(Optional.empty(), attack.unsuited(new EraseConcept(), new Erased.OtherMean()));
        assertEquals(Optional.empty(), attack.unsuited(new EraseConcept(), new DoNothing<>()));
        assertEquals(
                Optional.of(name + " brings back what erase-concept takes away, not mark-pictures"),
                attack.unsuited(new MarkPictures(), new DoNothing<>()));
        assertEquals(
                Optional.of(name + " attacks methods that erase a concept, not stranger"),
                attack.unsuited(new EraseConcept(), new Stranger()));
    }

    @Test
    void anAttackerWithoutWorksIsNamed() {
        Gallery gallery = Erased.gallery(List.of(Work.Part.TRAINING, Work.Part.TEST));
        IllegalArgumentException wrong = assertThrows(
                IllegalArgumentException.class, () -> new RingABell().examine(Erased.doingNothing(gallery), ENV));
        assertEquals("validation works of dots is 0, expected at least 1, for the attacker", wrong.getMessage());
    }

    @Test
    void settingsOutOfRangeAreNamed() {
        assertEquals(
                "minResilience is 0.0, expected above 0, at most 1",
                assertThrows(IllegalArgumentException.class, () -> new Protocol(1, true, 1, 1, 1, 0))
                        .getMessage());
        assertEquals(
                "calls is 5, expected 1 to 4, by the window",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new ConceptInversion("a", 1, 1, 1e-3, 3, 5, PROTOCOL))
                        .getMessage());
        assertEquals(
                "rank is 0, expected 1 to 65536",
                assertThrows(IllegalArgumentException.class, () -> new LoraRecovery(0, 4, 1, 1, 1e-3, PROTOCOL))
                        .getMessage());
        assertEquals(
                "word is \"two words\", expected one word",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new DreamBoothRecovery("two words", 1, new FineTuning(), PROTOCOL))
                        .getMessage());
        assertEquals(
                "population is 1, expected at least 2",
                assertThrows(IllegalArgumentException.class, () -> new RingABell(1, 3, 1, 1, 1, 0.5, 0.5, PROTOCOL))
                        .getMessage());
    }
}
