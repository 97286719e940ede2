package org.lethe.text;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;
import org.lethe.text.data.PlantedFacts;

/** The methods that forget, each with two epochs on a model of one block. */
class TextMethodLawsTest extends MethodLaws<Corpus, LanguageModel> {
    @Override
    protected Subject<Corpus, LanguageModel> subject() {
        return new Text();
    }

    @Override
    protected Corpus data() {
        return new PlantedFacts(4, 3, 2, PlantedFacts.Tokens.WORDS, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Corpus, LanguageModel>> models() {
        return only(subject().models(), TextLawsTest.QUICK);
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "forget-samples {count: 1}");
    }

    @Override
    protected List<Method<Corpus, LanguageModel>> methods() {
        return only(
                subject().methods(),
                "retrain",
                "gradient-ascent {course: {epochs: 2, alpha: 0}}",
                "npo {weighting: {mrd: {score: {estimator: {antithetic: {draws: 2, sigma: 0.001}}}}}, course: {epochs: 2}}",
                "rmu {loss: {layer: 1}, course: {epochs: 2}}",
                "task-vector {course: {epochs: 2}}");
    }

    @Override
    protected List<Request> nothing() {
        return only(subject().requests(), "forget-samples {count: 0}");
    }
}
